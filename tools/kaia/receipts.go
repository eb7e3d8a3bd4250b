// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"

	"github.com/kaiachain/kaia/api"
	"github.com/kaiachain/kaia/networks/p2p"
	"github.com/kaiachain/kaia/networks/rpc"
	"github.com/kaiachain/kaia/node/cn"
)

// validator is Kaia's service that also answers eth_getBlockReceipts: Kaia knows it as kaia_getBlockReceipts alone.
// `listed` is the file of the only nodes that it talks with, or nothing; `voting` is closed once it takes votes; `server`
// is there once it is started.
type validator struct {
	*cn.CN
	listed string
	voting <-chan struct{}
	server p2p.Server
}

func (v *validator) APIs() []rpc.API {
	blocks := api.NewPublicBlockChainAPI(v.APIBackend)
	return append(v.CN.APIs(),
		rpc.API{Namespace: "eth", Version: "1.0", Service: &receipts{v, blocks}, Public: true},
		rpc.API{Namespace: "admin", Version: "1.0", Service: &listing{v}, Public: true})
}

type receipts struct {
	node   *validator
	blocks *api.PublicBlockChainAPI
}

// GetBlockReceipts answers null for a block that is not here, as other nodes do.
func (r *receipts) GetBlockReceipts(ctx context.Context, at rpc.BlockNumberOrHash) ([]map[string]interface{}, error) {
	if block, err := r.node.APIBackend.BlockByNumberOrHash(ctx, at); block == nil || err != nil {
		return nil, nil
	}
	return r.blocks.GetBlockReceipts(ctx, at)
}
