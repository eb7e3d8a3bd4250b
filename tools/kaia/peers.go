// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/kaiachain/kaia/log"
	"github.com/kaiachain/kaia/networks/p2p"
	"github.com/kaiachain/kaia/networks/p2p/discover"
)

var peerLog = log.NewModuleLogger(log.NetworksP2P)

// Protocols are Kaia's, from when votes are taken, and kept to the nodes of the list: Kaia itself refuses consensus nodes
// that are no validators, and believes everyone else who knows the first block. Where there is no list, it does so here
// too.
func (v *validator) Protocols() []p2p.Protocol {
	protocols := v.CN.Protocols()
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
	<-v.voting
	if v.listed == "" {
		return nil
	}
	listed, err := readNodes(v.listed)
	if err == nil && !listed[peer.ID()] {
		err = fmt.Errorf("it is not in %s", v.listed)
	}
	if err != nil {
		peerLog.Warn("A node is refused", "id", peer.ID(), "at", peer.RemoteAddr(), "err", err)
	}
	return err
}

// Start remembers the server, which knows the peers.
func (v *validator) Start(server p2p.Server) error {
	v.server = server
	return v.CN.Start(server)
}

var errNoList = errors.New("this node was started without --p2p.listed")

// listing is what the list is asked and told by, in the namespace that tells peers: admin.
type listing struct {
	node *validator
}

// ListedPeers are the addresses of the list, as it is now.
func (l *listing) ListedPeers() ([]string, error) {
	if l.node.listed == "" {
		return nil, errNoList
	}
	return readAddresses(l.node.listed)
}

// DropUnlisted hangs up on every peer that is not on the list, and dials none of them again; it answers who they were. A
// list that cannot be read drops nobody.
func (l *listing) DropUnlisted() ([]string, error) {
	if l.node.listed == "" {
		return nil, errNoList
	}
	listed, err := readNodes(l.node.listed)
	if err != nil {
		return nil, err
	}
	dropped := []string{}
	for _, peer := range l.node.server.PeersInfo() {
		id, err := discover.HexID(peer.ID)
		if err != nil {
			return dropped, fmt.Errorf("peer %s: %w", peer.ID, err)
		}
		if !listed[id] {
			peerLog.Warn("A node is dropped: it is not in the list", "id", id, "list", l.node.listed)
			l.node.server.RemovePeer(&discover.Node{ID: id})
			dropped = append(dropped, peer.ID)
		}
	}
	return dropped, nil
}

// readAddresses reads a JSON list of addresses such as static-nodes.json has.
func readAddresses(file string) ([]string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	addresses := []string{}
	if err := json.Unmarshal(content, &addresses); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return addresses, nil
}

func readNodes(file string) (map[discover.NodeID]bool, error) {
	addresses, err := readAddresses(file)
	if err != nil {
		return nil, err
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
