// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/kaiachain/kaia/consensus"
	"github.com/kaiachain/kaia/consensus/istanbul"
	"github.com/kaiachain/kaia/datasync/downloader"
	"github.com/kaiachain/kaia/node/cn"
)

const missedEvent = 10 * time.Millisecond

// startVoting starts a validator's part in the consensus, and returns once votes are taken: whoever calls before that is
// hung up on, and calls again half a minute later.
//
// A first sync is then like all later ones. In the first of a process Kaia stops its part in the consensus, and takes each
// vote that still comes in for a fault of the peer that sent it: it hangs up on every validator, also on the one that it
// fetches blocks from. A validator that came back behind the others was therefore alone for half a minute or more, once or
// twice. The miner listens for syncs until one is over, so it is told of one, from beginning to end, before any begins.
func startVoting(chain *cn.CN) error {
	for heard := false; !heard; {
		// Who has taken the second has done what the first asks for: not to start. Told too early, the miner hears nothing.
		for range 2 {
			if err := chain.EventMux().Post(downloader.StartEvent{}); err != nil {
				return err
			}
		}
		chain.Miner().Start()
		if heard = !chain.IsMining(); !heard {
			time.Sleep(missedEvent)
		}
	}
	if err := chain.EventMux().Post(downloader.DoneEvent{}); err != nil {
		return err
	}
	engine, ok := chain.Engine().(consensus.Istanbul)
	if !ok {
		return fmt.Errorf("the consensus of this chain is %T, not Istanbul", chain.Engine())
	}
	// The miner does so too, when it comes to it.
	blocks := chain.BlockChain()
	err := engine.Start(blocks, blocks.CurrentBlock, blocks.HasBadBlock)
	if errors.Is(err, istanbul.ErrStartedEngine) {
		return nil
	}
	return err
}
