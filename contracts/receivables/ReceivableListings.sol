// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title The currencies and custodians that receivables name by a number of one byte, so that it fits their slot.
/// @dev Nothing is ever taken off a list: receivables go on naming it.
abstract contract ReceivableListings is AccessManaged, IReceivableToken {
    mapping(uint8 index => ICashToken) internal _cashAt;
    mapping(bytes3 currency => uint8 index) internal _currencyIndex;
    mapping(uint8 index => address) internal _custodianAt;
    mapping(address custodian => uint8 index) internal _custodianIndex;
    uint8 private _currencyCount;
    uint8 private _custodianCount;

    /// @inheritdoc IReceivableToken
    function listCurrency(ICashToken cash) external restricted returns (uint8 index) {
        bytes3 currency = cash.currency();
        require(_currencyIndex[currency] == 0, CurrencyAlreadyListed(currency));
        index = ++_currencyCount;
        _currencyIndex[currency] = index;
        _cashAt[index] = cash;
        emit CurrencyListed(index, currency, cash);
    }

    /// @inheritdoc IReceivableToken
    function listCustodian(address custodian) external restricted returns (uint8 index) {
        require(custodian.code.length != 0, CustodianHasNoCode(custodian));
        require(_custodianIndex[custodian] == 0, CustodianAlreadyListed(custodian));
        index = ++_custodianCount;
        _custodianIndex[custodian] = index;
        _custodianAt[index] = custodian;
        emit CustodianListed(index, custodian);
    }

    /// @inheritdoc IReceivableToken
    function cashFor(bytes3 currency) external view returns (ICashToken) {
        return _cashAt[_indexOf(currency)];
    }

    /// @inheritdoc IReceivableToken
    function custodianAt(uint8 index) external view returns (address) {
        return _custodianAt[index];
    }

    function _indexOf(bytes3 currency) internal view returns (uint8 index) {
        index = _currencyIndex[currency];
        require(index != 0, CurrencyUnlisted(currency));
    }
}
