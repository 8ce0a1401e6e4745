// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Keeps which block another chain had at which height, by the word of whoever writes it down.
///
/// Every account keeps a book of its own, so that nobody can write into another's and no one has to be asked for leave.
/// A reader decides whose book it believes. What stands in a book stands for good: heights of one chain only go up, and
/// none is written twice.
contract Notary {
    /// account => chain => height => block id.
    mapping(address => mapping(bytes32 => mapping(uint64 => bytes32))) private books;
    /// account => chain => the greatest height written down.
    mapping(address => mapping(bytes32 => uint64)) private newest;

    event Notarised(address indexed notary, bytes32 indexed chain, uint64 indexed height, bytes32 blockId);

    error NotAscending(uint64 newest);
    error NoBlock();

    /// Writes down that `chain` has the block `blockId` at `height`.
    function notarise(bytes32 chain, uint64 height, bytes32 blockId) external {
        if (blockId == 0 || height == 0) revert NoBlock();
        uint64 last = newest[msg.sender][chain];
        if (height <= last) revert NotAscending(last);
        books[msg.sender][chain][height] = blockId;
        newest[msg.sender][chain] = height;
        emit Notarised(msg.sender, chain, height, blockId);
    }

    /// The block that `notary` wrote down for `chain` at `height`; zero when it wrote none.
    function blockAt(address notary, bytes32 chain, uint64 height) external view returns (bytes32) {
        return books[notary][chain][height];
    }

    /// The greatest height that `notary` wrote down for `chain`; zero when it wrote none.
    function latest(address notary, bytes32 chain) external view returns (uint64) {
        return newest[notary][chain];
    }
}
