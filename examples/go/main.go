// Command hello says hello.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"runtime"
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello from go, %s\n", runtime.GOARCH)
	})
	log.Fatal(http.ListenAndServe(":"+port, nil))
}
