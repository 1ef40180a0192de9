// The load generator: k6 with the swarm in it. Scripts import it as 'k6/x/swarm'; see extension/module.go.
package main

import (
	"go.k6.io/k6/cmd"

	_ "walnut-live/swarm/extension"
)

func main() { cmd.Execute() }
