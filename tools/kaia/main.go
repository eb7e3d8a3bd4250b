// SPDX-License-Identifier: GPL-3.0-or-later
//
// A consensus node of Kaia, as the pinned release has it: four of them are the network that tests and laptops run.
// Kaia's library is LGPL, its command line GPL, so this program is too. It is built where it runs and handed to nobody,
// and nothing else of Portolan is linked with it.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/kaiachain/kaia/api/debug"
	"github.com/kaiachain/kaia/cmd/utils"
	"github.com/kaiachain/kaia/cmd/utils/nodecmd"
	"github.com/kaiachain/kaia/consensus/istanbul"
	"github.com/kaiachain/kaia/node"
	"github.com/kaiachain/kaia/node/cn"
	"github.com/urfave/cli/v2"
)

var (
	// Kaia itself listens on every address of the machine and has no option against it.
	peersAddress = &cli.StringFlag{
		Name:  "p2p.addr",
		Usage: "address on which other nodes are listened to",
		Value: "127.0.0.1",
	}
	// Kaia's is ten seconds and has no option either.
	roundTimeout = &cli.DurationFlag{
		Name:  "round.timeout",
		Usage: "how long a proposer may take before the next one's turn comes",
		Value: 4 * time.Second,
	}
	// Kaia itself talks with every node that does not say it is a consensus node.
	listedPeers = &cli.StringFlag{
		Name:  "p2p.listed",
		Usage: "file with a JSON list of the only nodes that are talked with; read anew for each that comes, and by admin_dropUnlisted",
	}
	// Kaia's own --prometheus listens on every address of the machine.
	metricsAddress = &cli.StringFlag{
		Name:  "metrics.addr",
		Usage: "address and port on which /metrics tells what --metrics collects",
	}
)

func main() {
	utils.NodeTypeFlag.Value = "cn"
	app := utils.NewApp("", "a consensus node of a Portolan network, by Kaia")
	app.HideVersion = true // `version` says more
	app.Commands = []*cli.Command{nodecmd.InitCommand, nodecmd.VersionCommand}
	app.Flags = append(utils.KcnAppFlags(), peersAddress, roundTimeout, listedPeers, metricsAddress)
	app.Before = nodecmd.BeforeRunNode
	app.Action = run
	app.After = func(*cli.Context) error {
		debug.Exit()
		return nil
	}
	if err := app.Run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run starts the node and returns once a signal has stopped it.
func run(ctx *cli.Context) error {
	host := ctx.String(peersAddress.Name)
	if net.ParseIP(host) == nil {
		return fmt.Errorf("--%s: %q is no IP address", peersAddress.Name, host)
	}
	if address := ctx.String(metricsAddress.Name); address != "" {
		if err := tellMetrics(address); err != nil {
			return err
		}
	}
	atomic.StoreUint64(&istanbul.DefaultConfig.Timeout, uint64(ctx.Duration(roundTimeout.Name).Milliseconds()))
	config := utils.KaiaConfig{CN: *cn.GetDefaultConfig(), Node: utils.DefaultNodeConfig()}
	config.SetNodeConfig(ctx)
	config.Node.P2P.ListenAddr = net.JoinHostPort(host, strconv.Itoa(ctx.Int(utils.ListenPortFlag.Name)))
	stack, err := node.New(&config.Node)
	if err != nil {
		return err
	}
	config.SetKaiaConfig(ctx, stack)
	voting := make(chan struct{})
	service := &validator{listed: ctx.String(listedPeers.Name), voting: voting}
	err = stack.Register(func(its *node.ServiceContext) (node.Service, error) {
		var err error
		service.CN, err = cn.New(its, &config.CN)
		return service, err
	})
	if err != nil {
		return err
	}
	utils.StartNode(stack)
	if err := startVoting(service.CN); err != nil {
		return err
	}
	close(voting)
	stack.Wait()
	return nil
}
