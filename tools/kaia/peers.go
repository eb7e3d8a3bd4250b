// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/kaiachain/kaia/log"
	"github.com/kaiachain/kaia/networks/p2p"
	"github.com/kaiachain/kaia/networks/p2p/discover"
)

var peerLog = log.NewModuleLogger(log.NetworksP2P)

// Protocols are Kaia's, kept to the nodes of the list: Kaia itself refuses consensus nodes that are no validators, and
// believes everyone else who knows the first block. Where there is no list, it does so here too.
func (v *validator) Protocols() []p2p.Protocol {
	protocols := v.CN.Protocols()
	if v.listed == "" {
		return protocols
	}
	for i := range protocols {
		run, runs := protocols[i].Run, protocols[i].RunWithRWs
		protocols[i].Run = func(peer *p2p.Peer, rw p2p.MsgReadWriter) error {
			if err := v.admit(peer); err != nil {
				return err
			}
			return run(peer, rw)
		}
		protocols[i].RunWithRWs = func(peer *p2p.Peer, rws []p2p.MsgReadWriter) error {
			if err := v.admit(peer); err != nil {
				return err
			}
			return runs(peer, rws)
		}
	}
	return protocols
}

// admit reads the list anew for each who comes, so that it is changed without a restart. A list that cannot be read
// admits nobody.
func (v *validator) admit(peer *p2p.Peer) error {
	listed, err := readNodes(v.listed)
	if err == nil && !listed[peer.ID()] {
		err = fmt.Errorf("it is not in %s", v.listed)
	}
	if err != nil {
		peerLog.Warn("A node is refused", "id", peer.ID(), "at", peer.RemoteAddr(), "err", err)
	}
	return err
}

// readNodes reads a JSON list of addresses such as static-nodes.json has.
func readNodes(file string) (map[discover.NodeID]bool, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var addresses []string
	if err := json.Unmarshal(content, &addresses); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	nodes := make(map[discover.NodeID]bool, len(addresses))
	for _, address := range addresses {
		node, err := discover.ParseNode(address)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", file, address, err)
		}
		nodes[node.ID] = true
	}
	return nodes, nil
}
