// Starts a pipeline with nothing but Temporal's own client.
package main

import (
	"context"
	"fmt"
	"log"

	"go.temporal.io/sdk/client"
)

func main() {
	c, err := client.Dial(client.Options{HostPort: "127.0.0.1:7233"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	ctx := context.Background()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		// The same id while it runs joins the same run.
		ID:        "sensor-training.from-go",
		TaskQueue: "millrace.workflow",
	}, "sensor-training", map[string]any{
		"params": map[string]any{"source": "/data/plant", "tz": "Europe/Berlin", "k": 6},
	})
	if err != nil {
		log.Fatal(err)
	}
	var result struct {
		Model struct {
			Name     string
			Version  int
			Champion bool
		}
	}
	if err := run.Get(ctx, &result); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", result.Model)
}
