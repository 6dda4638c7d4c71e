// Command benchworker is a worker whose handler does nothing, for the benchmarks of TSS. It speaks with the Node process
// that started it, with the number of slots, over Node's channel: lines of JSON on the descriptor NODE_CHANNEL_FD.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"log"
	"os"
	"os/signal"
	"runtime/pprof"
	"strconv"
	"sync/atomic"
	"syscall"

	tss "github.com/tss/tss/sdk/go"
)

func main() {
	profile := flag.String("profile", "", "file for a CPU profile")
	flag.Parse()
	if *profile != "" {
		file, err := os.Create(*profile)
		exitOn(err)
		exitOn(pprof.StartCPUProfile(file))
	}
	slots, err := strconv.Atoi(flag.Arg(0))
	exitOn(err)
	client, err := tss.NewClient(tss.ClientOptions{})
	exitOn(err)
	channel := openChannel()
	var left, asked atomic.Int64
	worker := tss.NewWorker(client, tss.WorkerOptions{Slots: slots})
	tss.Handle(worker, "noop", func(context.Context, *tss.Task[[]byte]) (tss.None, error) {
		if left.Add(-1) == 0 {
			channel.send(map[string]any{"executed": asked.Load(), "startUs": []float64{}})
		}
		return tss.None{}, nil
	})
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-worker.Ready()
		channel.send("ready")
		for channel.lines.Scan() {
			var request struct{ Count int64 }
			exitOn(json.Unmarshal(channel.lines.Bytes(), &request))
			asked.Store(request.Count)
			left.Store(request.Count)
		}
		cancel() // the parent's end is this process's end
	}()
	exitOn(worker.Run(ctx))
	pprof.StopCPUProfile()
}

type channel struct {
	file  *os.File
	lines *bufio.Scanner
}

func openChannel() *channel {
	number, err := strconv.Atoi(os.Getenv("NODE_CHANNEL_FD"))
	exitOn(err)
	file := os.NewFile(uintptr(number), "channel")
	return &channel{file, bufio.NewScanner(file)}
}

func (c *channel) send(message any) {
	text, err := json.Marshal(message)
	exitOn(err)
	_, err = c.file.Write(append(text, '\n'))
	exitOn(err)
}

func exitOn(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
