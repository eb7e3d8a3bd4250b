// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FinancingId, LotId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {ChainHandler} from "./ChainHandler.sol";

/// @title What must hold between any two acts, seen from where the contracts and the books are at hand.
contract ChainChecks is ChainHandler {
    function checkAll() external {
        vm.warp(clock);
        _checkGoods();
        _checkBackedOnce();
        _checkMoney();
        _checkOrders();
        _checkDebts();
        _checkCovered();
    }

    // Goods

    function _checkGoods() private view {
        for (uint256 i; i < stored.length; ++i) {
            LotId lot = stored[i];
            ILots.Stock memory its = lots.stock(lot);
            (, uint64 attested) = oracle.standing(lots.subjectOf(lot), Milestones.STORED, its.sequence);
            assertEq(its.received, attested < KILOS ? attested : KILOS, "received is what was attested");
            assertEq(its.received, came[lot], "received");
            assertEq(its.released, gone[lot], "released");
            _checkTitles(lot, its);
        }
    }

    function _checkTitles(LotId lot, ILots.Stock memory its) private view {
        address[4] memory owners = [sellers[0], sellers[1], debtors[0], debtors[1]];
        (uint256 free_, uint256 held) = (0, 0);
        for (uint256 i; i < 4; ++i) {
            IGoodsRights.Position memory own = lots.position(lot, owners[i]);
            Holding memory book = booked[lot][owners[i]];
            assertEq(own.free, book.free, "free");
            assertEq(own.pledged, book.pledged, "pledged");
            assertEq(own.freeAside, book.freeAside, "free, about to leave");
            assertEq(own.pledgedAside, book.pledgedAside, "pledged, about to leave");
            free_ += uint256(own.free) + own.freeAside;
            held += uint256(own.pledged) + own.pledgedAside;
        }
        assertEq(its.received, its.released + held + free_, "received = released + pledged + free");
        assertEq(its.inCustody, held, "in custody");
        assertEq(lots.balanceOf(address(stock), LotId.unwrap(lot)), held, "held by the lender's custodian");
        assertEq(lots.balanceOf(address(escrow), LotId.unwrap(lot)), 0, "goods only pass through the escrow");
    }

    /// @dev One financing a line, one paper of it that counts, and a lot in no two.
    function _checkBackedOnce() private view {
        for (uint256 i; i < lines.length; ++i) {
            FinancingId watching = desk.financingOf(lines[i].subject);
            if (_hasLoan(lines[i])) {
                assertEq(FinancingId.unwrap(watching), FinancingId.unwrap(lines[i].financing), "another watches");
            }
        }
        for (uint256 i; i < stored.length; ++i) {
            uint256 backed;
            for (uint256 j; j < loans.length; ++j) {
                if (_lists(loans[j], stored[i])) ++backed;
            }
            assertLe(backed, 1, "a lot of two financings");
            if (lots.stock(stored[i]).inCustody != 0) assertEq(backed, 1, "goods in custody of no financing");
        }
        for (uint256 i; i < loans.length; ++i) {
            _checkPapers(loans[i], loanOf[loans[i]]);
        }
    }

    function _checkPapers(FinancingId id, Loan storage its) private view {
        Paper paper = its.isOver ? Paper.None : its.paper;
        if (paper != Paper.Order) assertEq(orders.borrowingBase(id) + orders.valueOf(id), 0, "the order counts too");
        if (paper != Paper.Purchase) {
            assertEq(purchases.borrowingBase(id) + purchases.valueOf(id), 0, "the purchase counts too");
        }
        if (paper != Paper.Lot) assertEq(stock.borrowingBase(id) + stock.lotsOf(id).length, 0, "the goods count too");
        if (paper != Paper.Invoice) {
            assertEq(invoices.borrowingBase(id) + invoices.valueOf(id), 0, "the invoice counts too");
        }
    }

    // Money

    function _checkMoney() private view {
        uint256 held = euro.balanceOf(address(desk)) + euro.balanceOf(address(escrow)) + euro.balanceOf(address(stock))
            + euro.balanceOf(address(receivables)) + euro.balanceOf(address(invoices)) + euro.balanceOf(address(orders))
            + euro.balanceOf(address(purchases)) + euro.balanceOf(cobalt) + euro.balanceOf(granite)
            + euro.balanceOf(treasury);
        for (uint256 i; i < 2; ++i) {
            held += euro.balanceOf(address(pools[i])) + euro.balanceOf(address(reserves[i]));
            held += euro.balanceOf(sellers[i]) + euro.balanceOf(debtors[i]);
            _checkPool(pools[i]);
            assertEq(euro.balanceOf(address(reserves[i])), reserves[i].held(), "the reserve's");
        }
        assertEq(held, euro.totalSupply(), "every minor unit is somewhere");
        assertEq(held, issued, "what came in less what went out");
        assertEq(euro.balanceOf(address(desk)), desk.parkedInAll(address(euro)), "the desk keeps what is parked");
        assertEq(euro.balanceOf(address(stock)), gifts[address(stock)], "what is paid for goods goes on at once");
        assertEq(euro.balanceOf(address(purposes)), 0, "draws go on to their purpose");
        _checkAdapter(orders);
        _checkAdapter(purchases);
        _checkAdapter(invoices);
        _checkInvoices();
    }

    function _checkPool(LendingPool its) private view {
        (ILendingPool.Books memory books, ILendingPool.Held memory kept) = (its.books(), its.held());
        uint256 tracked = books.cash + books.setAside + kept.fees + kept.reserve + kept.streaming;
        assertEq(euro.balanceOf(address(its)), tracked + gifts[address(its)], "a pool's cash");
    }

    function _checkAdapter(ICollateral its) private view {
        uint256 waiting;
        for (uint256 i; i < loans.length; ++i) {
            if (!loanOf[loans[i]].isOver) waiting += its.cashOf(loans[i]);
        }
        assertEq(euro.balanceOf(address(its)), waiting, "what waits with an adapter is a financing's");
    }

    function _checkInvoices() private view {
        uint256 claimable;
        for (uint256 i; i < lines.length; ++i) {
            if (!lines[i].hasInvoice) continue;
            (, uint256 ofSeller) = receivables.position(lines[i].invoice, lines[i].seller);
            (, uint256 ofLender) = receivables.position(lines[i].invoice, address(invoices));
            claimable += ofSeller + ofLender;
        }
        assertEq(euro.balanceOf(address(receivables)), claimable, "paid on invoices and not claimed");
    }

    /// @dev Of each order: put in = paid + given back + held, and its value is paid, owed, invoiced or waived.
    function _checkOrders() private view {
        uint256 sum;
        for (uint256 i; i < lines.length; ++i) {
            Line storage its = lines[i];
            IOrderEscrow.Order memory order = _orderOf(its);
            IOrderEscrow.Funds memory funds = escrow.fundsOf(its.order);
            uint256 held = escrow.heldInAll(its.order);
            sum += held;
            assertEq(funds.funded, its.put, "put in");
            assertEq(its.net, int256(held), "the cash that is here is what is held");
            uint256 back = its.back + funds.refunded;
            assertEq(its.put, order.paid - its.straight + back + held, "put in = paid + given back + held");
            assertLe(order.paid, its.straight + its.agreed + its.mostEarned, "paid beyond facts and what was agreed");
            assertEq(
                order.value,
                uint256(order.paid) + funds.invoiced + funds.waived + escrow.outstanding(its.order),
                "the order's value"
            );
        }
        uint256 parked = escrow.parkedInAll(address(euro));
        assertEq(euro.balanceOf(address(escrow)), sum + parked + gifts[address(escrow)], "the escrow's cash");
    }

    // Debts

    function _checkDebts() private view {
        uint256[2] memory out;
        for (uint256 i; i < loans.length; ++i) {
            Loan storage its = loanOf[loans[i]];
            uint256 principal = desk.owed(loans[i]).principal;
            assertEq(principal, its.principal, "nobody but an act changes a debt");
            if (its.isOver) assertEq(_owed(loans[i]), 0, "what is closed owes nothing");
            out[lines[its.line].source] += principal;
        }
        for (uint256 i; i < 2; ++i) {
            assertEq(pools[i].books().principalOut, out[i], "what a pool has lent is what its debtors owe");
        }
    }

    /// @dev While something is owed the paper stays with the lender, the first one too; only goods that were put up for sale
    /// may be gone before the debt is.
    function _checkCovered() private view {
        for (uint256 i; i < loans.length; ++i) {
            Loan storage its = loanOf[loans[i]];
            if (its.isOver || _owed(loans[i]) == 0) continue;
            Line storage line_ = lines[its.line];
            if (its.first == Paper.Order) {
                assertEq(escrow.assigneeOf(line_.order), address(orders), "proceeds of the order");
            }
            if (its.first == Paper.Purchase) {
                assertEq(escrow.refundAssigneeOf(line_.order), address(purchases), "refunds of the order");
            }
            if (its.paper == Paper.Lot && !its.isSold) assertGt(_pledgedTo(its), 0, "a debt without its goods");
            if (its.paper == Paper.Invoice) {
                uint256 units = receivables.balanceOf(address(invoices), _invoiceOf(line_));
                assertTrue(units != 0 || receivables.outstanding(line_.invoice) == 0, "a debt without its invoice");
            }
        }
    }

    function _pledgedTo(Loan storage its) private view returns (uint256 units) {
        for (uint256 i; i < its.lots.length; ++i) {
            IGoodsRights.Position memory own = lots.position(its.lots[i], its.supplier);
            units += uint256(own.pledged) + own.pledgedAside;
        }
    }

    function checkHealth() external {
        vm.warp(clock);
        (bool healthy, string memory broken, uint256 subject) = health.check();
        assertTrue(healthy, string.concat(broken, " ", vm.toString(subject)));
    }
}
