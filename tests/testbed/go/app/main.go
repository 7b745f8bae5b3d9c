// Command app is the application the tests deploy. What it does wrong is
// chosen by its environment, so one image plays every part.
//
//	app          serve HTTP on $PORT (8080)
//	app job      print a few lines and exit 0
//	app fail     exit 4
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	command := "serve"
	if len(os.Args) > 1 {
		command = os.Args[1]
	}
	switch command {
	case "serve":
		os.Exit(serve())
	case "job":
		os.Exit(job())
	case "fail":
		fmt.Fprintln(os.Stderr, "app: failing as asked")
		os.Exit(4)
	default:
		fmt.Fprintln(os.Stderr, "app: unknown command:", command)
		os.Exit(2)
	}
}

func job() int {
	for _, line := range []string{"migrating", "migrated 3 tables", "done"} {
		fmt.Println(line)
	}
	return 0
}

// version is what every answer carries, so a test knows which image answered.
func version() string {
	if given := os.Getenv("APP_VERSION"); given != "" {
		return given
	}
	content, err := os.ReadFile("/version")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(content))
}

// ballast keeps what was allocated reachable, or the collector would free it.
var ballast []byte

func allocate(megabytes string) {
	count, err := strconv.Atoi(megabytes)
	if err != nil {
		return
	}
	ballast = make([]byte, count<<20)
	for at := 0; at < len(ballast); at += 4096 {
		ballast[at] = 1
	}
}

func crash() int {
	fmt.Fprintln(os.Stderr, "app: reading the configuration")
	fmt.Fprintln(os.Stderr, "app: no database named in the configuration")
	fmt.Fprintln(os.Stderr, "app: giving up")
	return 3
}

func serve() int {
	if os.Getenv("APP_CRASH") == "1" {
		return crash()
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	if delay, err := time.ParseDuration(os.Getenv("APP_START_DELAY")); err == nil {
		select {
		case <-time.After(delay):
		case <-stop:
			return 0
		}
	}
	allocate(os.Getenv("APP_MEMORY_MB"))
	return answer(stop)
}

// answer serves until a signal comes. By default it then exits at once, which
// cuts off the requests under way: most applications out there do the same.
func answer(stop <-chan os.Signal) int {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	server := &http.Server{Addr: ":" + port, Handler: pages(version())}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	fmt.Println("app: version", version(), "listens on port", port)
	select {
	case err := <-failed:
		if !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "app:", err)
			return 1
		}
	case <-stop:
		fmt.Println("app: told to stop")
		if os.Getenv("APP_EXIT_ON_TERM") == "graceful" {
			soon, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			_ = server.Shutdown(soon)
		}
	}
	return 0
}
