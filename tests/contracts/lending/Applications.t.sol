// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Applications} from "../../../contracts/lending/Applications.sol";
import {ReceivableCollateral} from "../../../contracts/lending/ReceivableCollateral.sol";
import {IApplications} from "../../../contracts/lending/interfaces/IApplications.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IBatchCalls} from "../../../contracts/libraries/BatchCalls.sol";
import {FacilityId, FinancingId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Offices} from "../../../contracts/types/Roles.sol";
import {CollateralBase} from "./doubles/CollateralBase.sol";
import {SignerDouble} from "./doubles/SignerDouble.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// @title Requests by call and by signature, reservations, batches.
contract ApplicationsTest is CollateralBase {
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant REQUEST_TYPE = keccak256(
        "FinancingRequest(uint64 facility,address collateral,uint256 itemId,uint256 units,bytes32 subject,address signer,uint256 nonce,uint256 deadline)"
    );
    uint256 private constant UNITS = 1_000_000;

    Applications private requests;
    uint256 private key;
    uint256 private otherKey;
    address private other;
    address private officer = makeAddr("credit officer");

    function setUp() public override {
        AccessManager manager = new AccessManager(address(this));
        // The adapter wants to know the applications contract, and that one the desk: addresses are known beforehand.
        applications = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 7);
        super.setUp();
        requests = new Applications(IFinancingDesk(address(desk)), address(manager));
        assertEq(address(requests), applications);
        (supplier, key) = makeAddrAndKey("supplier");
        (other, otherKey) = makeAddrAndKey("another supplier");
        desk.grant(FACILITY, supplier);
        desk.grant(OTHER_FACILITY, supplier);
        desk.listCollateral(invoices);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = requests.endReservation.selector;
        manager.setTargetFunctionRole(address(requests), selectors, Offices.CREDIT_OFFICER);
        manager.grantRole(Offices.CREDIT_OFFICER, officer, 0);
    }

    // Refusals: whose request it is

    function test_onlyTheFacilitysSupplierOpens() public {
        bytes memory reason = abi.encodeWithSelector(IFinancingDesk.NotSupplierOf.selector, FACILITY, other, supplier);
        vm.prank(other);
        vm.expectRevert(reason);
        requests.open(FACILITY, invoices, ITEM, UNITS, GOODS);
        IApplications.FinancingRequest memory request = _request();
        request.signer = other;
        bytes memory signature = _sign(request, otherKey);
        vm.expectRevert(reason);
        requests.openBySignature(request, signature);
    }

    function test_onlyTheFacilitysSupplierReserves() public {
        bytes memory reason = abi.encodeWithSelector(IApplications.NotSupplierOf.selector, FACILITY, other, supplier);
        vm.prank(other);
        vm.expectRevert(reason);
        requests.reserve(FACILITY, invoices, ITEM, uint40(START + 1 days));
        IApplications.FinancingRequest memory request = _request();
        request.signer = other;
        bytes memory signature = _sign(request, otherKey);
        vm.expectRevert(reason);
        requests.reserveBySignature(request, signature);
    }

    function test_signatureOfAnotherIsRefused() public {
        IApplications.FinancingRequest memory request = _request();
        _expectInvalid(request, _sign(request, otherKey));
        _expectInvalid(request, "");
        _expectInvalid(request, new bytes(65));
    }

    /// @dev Every field is signed: change one and the signature is nobody's.
    function test_everyFieldIsSigned() public {
        bytes memory signature = _sign(_request(), key);
        IApplications.FinancingRequest memory request = _request();
        request.facility = OTHER_FACILITY;
        _expectInvalid(request, signature);
        request = _request();
        request.collateral = ICollateral(stranger);
        _expectInvalid(request, signature);
        request = _request();
        request.itemId += 1;
        _expectInvalid(request, signature);
        request = _request();
        request.units += 1;
        _expectInvalid(request, signature);
        request = _request();
        request.subject = keccak256("other goods");
        _expectInvalid(request, signature);
        request = _request();
        request.nonce += 1;
        _expectInvalid(request, signature);
        request = _request();
        request.deadline += 1;
        _expectInvalid(request, signature);
    }

    function test_expiredRequestIsRefused() public {
        IApplications.FinancingRequest memory request = _request();
        bytes memory signature = _sign(request, key);
        vm.warp(request.deadline + 1);
        bytes memory reason = abi.encodeWithSelector(
            IApplications.RequestExpired.selector, supplier, request.deadline, request.deadline + 1
        );
        vm.expectRevert(reason);
        requests.openBySignature(request, signature);
        vm.expectRevert(reason);
        requests.reserveBySignature(request, signature);
    }

    function test_requestIsUsedOnce() public {
        IApplications.FinancingRequest memory request = _request();
        bytes memory signature = _sign(request, key);
        requests.openBySignature(request, signature);
        bytes memory reason = abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, supplier, 1);
        vm.expectRevert(reason);
        requests.openBySignature(request, signature);
        vm.expectRevert(reason);
        requests.reserveBySignature(request, signature);
    }

    function test_signatureIsForThisChainAndContract() public {
        IApplications.FinancingRequest memory request = _request();
        bytes memory signature = _sign(request, key);
        vm.chainId(999);
        _expectInvalid(request, signature);
        vm.chainId(31_337);
        Applications twin = new Applications(IFinancingDesk(address(desk)), requests.authority());
        bytes32 digest = twin.requestDigest(request);
        vm.expectRevert(abi.encodeWithSelector(IApplications.RequestSignatureInvalid.selector, supplier, digest));
        twin.openBySignature(request, signature);
    }

    function test_withdrawnRequestIsRefused() public {
        IApplications.FinancingRequest memory request = _request();
        request.nonce = (7 << 64) | 0;
        bytes memory signature = _sign(request, key);
        vm.expectEmit(address(requests));
        emit IApplications.RequestWithdrawn(supplier, 7 << 64);
        vm.prank(supplier);
        requests.withdrawRequest(7);
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, supplier, (uint256(7) << 64) | 1));
        requests.openBySignature(request, signature);
        vm.prank(stranger);
        requests.withdrawRequest(0);
        requests.openBySignature(_request(), _sign(_request(), key));
    }

    /// @dev A contract that owns no listed collateral could otherwise be told to reserve anything.
    function test_unlistedAdapterReservesNothing() public {
        ReceivableCollateral unlisted = _newAdapter();
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IApplications.CollateralUnlisted.selector, unlisted));
        requests.reserve(FACILITY, unlisted, ITEM, uint40(START + 1 days));
    }

    /// @dev A relayer must not renew what the supplier has given once.
    function test_oneSignatureReservesOnce() public {
        IApplications.FinancingRequest memory request = _request();
        bytes memory signature = _sign(request, key);
        requests.reserveBySignature(request, signature);
        vm.prank(officer);
        requests.endReservation(invoices, supplier, ITEM);
        vm.expectRevert(abi.encodeWithSelector(IApplications.AlreadyServed.selector, requests.requestDigest(request)));
        requests.reserveBySignature(request, signature);
    }

    function test_onlyTheCreditOfficerEndsAReservation() public {
        vm.startPrank(supplier);
        requests.reserve(FACILITY, invoices, ITEM, uint40(START + 1 days));
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, supplier));
        requests.endReservation(invoices, supplier, ITEM);
    }

    // Two lenders, one item, one block: both orders

    function test_twoOpeningsOneWinner() public {
        _twoOpenings(FACILITY, OTHER_FACILITY);
    }

    function test_twoOpeningsOneWinnerTheOtherWayRound() public {
        _twoOpenings(OTHER_FACILITY, FACILITY);
    }

    function test_reservationBeatsALaterOpening() public {
        IApplications.FinancingRequest memory first = _request();
        IApplications.FinancingRequest memory second = _requestFor(OTHER_FACILITY, 1);
        requests.reserveBySignature(first, _sign(first, key));
        bytes memory signature = _sign(second, key);
        vm.expectRevert(_itemReserved(FACILITY, first.deadline));
        requests.openBySignature(second, signature);
        assertEq(requests.nonces(supplier, 1), 1 << 64, "the loser's nonce is not used up");
        assertEq(_held(), 0);
        requests.openBySignature(first, _sign(first, key));
        assertEq(_held(), UNITS);
    }

    function test_openingOfAllBeatsALaterReservation() public {
        IApplications.FinancingRequest memory first = _request();
        first.units = FACE / 2;
        IApplications.FinancingRequest memory second = _requestFor(OTHER_FACILITY, 1);
        requests.openBySignature(first, _sign(first, key));
        bytes memory signature = _sign(second, key);
        vm.expectRevert("nothing to reserve");
        requests.reserveBySignature(second, signature);
        (FacilityId facility,) = invoices.reservationOf(ITEM, supplier);
        assertEq(FacilityId.unwrap(facility), 0);
    }

    function test_twoReservationsOneWinner() public {
        IApplications.FinancingRequest memory first = _requestFor(OTHER_FACILITY, 1);
        IApplications.FinancingRequest memory second = _request();
        requests.reserveBySignature(first, _sign(first, key));
        bytes memory signature = _sign(second, key);
        vm.expectRevert(_itemReserved(OTHER_FACILITY, first.deadline));
        requests.reserveBySignature(second, signature);
        vm.expectRevert(_itemReserved(OTHER_FACILITY, first.deadline));
        vm.prank(supplier);
        requests.open(FACILITY, invoices, ITEM, UNITS, GOODS);
    }

    // Happy path

    function test_digestIsWhatEip712Says() public view {
        IApplications.FinancingRequest memory request = _request();
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN_TYPE, keccak256("Portolan Applications"), keccak256("1"), block.chainid, address(requests)
            )
        );
        bytes32 body = keccak256(
            bytes.concat(
                abi.encode(REQUEST_TYPE, FacilityId.unwrap(request.facility), address(request.collateral)),
                abi.encode(request.itemId, request.units, request.subject),
                abi.encode(request.signer, request.nonce, request.deadline)
            )
        );
        assertEq(requests.requestDigest(request), keccak256(abi.encodePacked("\x19\x01", domain, body)));
    }

    function test_anyoneRelaysASignedRequest() public {
        IApplications.FinancingRequest memory request = _request();
        bytes memory signature = _sign(request, key);
        vm.expectEmit(address(requests));
        emit IApplications.RequestGranted(_id(1), FACILITY, supplier, stranger);
        vm.prank(stranger);
        FinancingId id = requests.openBySignature(request, signature);
        assertEq(FinancingId.unwrap(id), 1);
        assertEq(_units(1), UNITS);
        assertEq(requests.nonces(supplier), 1);
    }

    function test_signatureCountsToTheSecond() public {
        IApplications.FinancingRequest memory request = _request();
        bytes memory signature = _sign(request, key);
        vm.warp(request.deadline);
        requests.openBySignature(request, signature);
        assertEq(_units(1), UNITS);
    }

    function test_contractSupplierSignsByErc1271() public {
        SignerDouble account = new SignerDouble();
        desk.grant(FACILITY, address(account));
        token.give(ReceivableId.wrap(ITEM), address(account), UNITS);
        IApplications.FinancingRequest memory request = _request();
        request.signer = address(account);
        _expectInvalid(request, "any");
        account.approve(requests.requestDigest(request));
        requests.openBySignature(request, "any");
        assertEq(_units(1), UNITS);
    }

    /// @dev A lender has the item until the application's end, and never longer than a week.
    function test_reservationLastsUntilTheDeadlineAndAWeekAtMost() public {
        IApplications.FinancingRequest memory request = _request();
        request.deadline = START + 2 days;
        assertEq(requests.reserveBySignature(request, _sign(request, key)), START + 2 days);
        vm.warp(START + 2 days);
        request.deadline = START + 300 days;
        assertEq(requests.reserveBySignature(request, _sign(request, key)), START + 9 days);
        (FacilityId facility, uint256 until) = invoices.reservationOf(ITEM, supplier);
        assertEq(FacilityId.unwrap(facility), FacilityId.unwrap(FACILITY));
        assertEq(until, START + 9 days);
    }

    function test_refusedApplicationFreesTheItem() public {
        IApplications.FinancingRequest memory first = _request();
        requests.reserveBySignature(first, _sign(first, key));
        vm.prank(officer);
        requests.endReservation(invoices, supplier, ITEM);
        IApplications.FinancingRequest memory second = _requestFor(OTHER_FACILITY, 1);
        requests.openBySignature(second, _sign(second, key));
        assertEq(_held(), UNITS);
    }

    /// @dev Series are independent: three lenders can be applied to at once.
    function test_seriesDoNotWaitForEachOther() public {
        IApplications.FinancingRequest memory late = _requestFor(OTHER_FACILITY, 5);
        requests.openBySignature(late, _sign(late, key));
        IApplications.FinancingRequest memory early = _request();
        requests.openBySignature(early, _sign(early, key));
        assertEq(_held(), 2 * UNITS);
    }

    function test_batchReportsEveryItem() public {
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(requests.open, (FACILITY, invoices, ITEM, UNITS, GOODS));
        calls[1] = abi.encodeCall(requests.open, (FACILITY, invoices, ITEM, FACE, GOODS));
        calls[2] = abi.encodeCall(requests.endReservation, (invoices, supplier, ITEM));
        calls[3] = abi.encodeCall(requests.open, (OTHER_FACILITY, invoices, ITEM, LEAST, GOODS));
        vm.prank(supplier);
        IBatchCalls.Outcome[] memory outcomes = requests.batch(calls);
        assertEq(abi.decode(outcomes[0].data, (uint64)), 1);
        assertFalse(outcomes[1].ok);
        assertEq(
            outcomes[1].data, abi.encodeWithSelector(ICollateral.UnitsOutOfRange.selector, ITEM, FACE, FACE / 2 - UNITS)
        );
        assertFalse(outcomes[2].ok, "a batch opens no doors");
        assertTrue(outcomes[3].ok);
        assertEq(_held(), UNITS + LEAST);
    }

    function test_batchOfSignaturesIsRelayed() public {
        IApplications.FinancingRequest memory first = _request();
        IApplications.FinancingRequest memory second = _requestFor(OTHER_FACILITY, 2);
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(requests.openBySignature, (first, _sign(first, key)));
        calls[1] = abi.encodeCall(requests.openBySignature, (second, _sign(second, otherKey)));
        calls[2] = abi.encodeCall(requests.openBySignature, (first, _sign(first, key)));
        vm.prank(stranger);
        IBatchCalls.Outcome[] memory outcomes = requests.batch(calls);
        assertTrue(outcomes[0].ok);
        assertFalse(outcomes[1].ok);
        assertFalse(outcomes[2].ok, "once");
        assertEq(_held(), UNITS);
        assertEq(desk.financingCount(), 1);
    }

    // Fuzz

    /// @dev Whatever a stranger makes up, nothing is opened or reserved.
    function testFuzz_nothingWithoutTheSuppliersWord(
        IApplications.FinancingRequest memory request,
        bytes memory signature,
        uint256 strangersKey
    ) public {
        strangersKey = _bound(strangersKey, 1, type(uint128).max);
        request.facility = FACILITY;
        request.collateral = invoices;
        request.itemId = ITEM;
        request.signer = supplier;
        request.deadline = _bound(request.deadline, block.timestamp, type(uint64).max);
        if (vm.addr(strangersKey) == supplier) return;
        _expectInvalid(request, signature);
        _expectInvalid(request, _sign(request, strangersKey));
        assertEq(desk.financingCount(), 0);
    }

    // Internals

    function _twoOpenings(FacilityId winner, FacilityId loser) private {
        IApplications.FinancingRequest memory first = _requestFor(winner, 1);
        IApplications.FinancingRequest memory second = _requestFor(loser, 2);
        (first.units, second.units) = (FACE / 2, FACE / 2);
        bytes memory signature = _sign(second, key);
        requests.openBySignature(first, _sign(first, key));
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnitsOutOfRange.selector, ITEM, FACE / 2, 0));
        requests.openBySignature(second, signature);

        assertEq(invoices.financingsOf(ITEM).length, 1);
        assertEq(_held(), FACE / 2);
        assertEq(desk.financingCount(), 1);
        assertEq(requests.nonces(supplier, 2), 2 << 64, "the loser's nonce is not used up");
        (uint256 item,,) = invoices.pledgeOf(_id(2));
        assertEq(item, 0);
    }

    function _request() private view returns (IApplications.FinancingRequest memory) {
        return _requestFor(FACILITY, 0);
    }

    function _requestFor(FacilityId facility, uint192 series)
        private
        view
        returns (IApplications.FinancingRequest memory)
    {
        return IApplications.FinancingRequest({
            facility: facility,
            collateral: invoices,
            itemId: ITEM,
            units: UNITS,
            subject: GOODS,
            signer: supplier,
            nonce: uint256(series) << 64,
            deadline: START + 3 days
        });
    }

    function _sign(IApplications.FinancingRequest memory request, uint256 with) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(with, requests.requestDigest(request));
        return abi.encodePacked(r, s, v);
    }

    function _expectInvalid(IApplications.FinancingRequest memory request, bytes memory signature) private {
        bytes32 digest = requests.requestDigest(request);
        bytes memory reason =
            abi.encodeWithSelector(IApplications.RequestSignatureInvalid.selector, request.signer, digest);
        vm.expectRevert(reason);
        requests.openBySignature(request, signature);
        vm.expectRevert(reason);
        requests.reserveBySignature(request, signature);
    }

    function _itemReserved(FacilityId facility, uint256 until) private view returns (bytes memory) {
        return abi.encodeWithSelector(ICollateral.ItemReserved.selector, ITEM, supplier, facility, until);
    }
}
