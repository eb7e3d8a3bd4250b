// Kubo, the IPFS daemon, as the pinned release has it: a document store for a private network and for the tests.
package main

import (
	"os"

	"github.com/ipfs/kubo/cmd/ipfs/kubo"
)

func main() {
	os.Exit(kubo.Start(kubo.BuildDefaultEnv))
}
