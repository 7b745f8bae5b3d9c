package main

import (
	"fmt"
	"net/http"
	"os"
	"sort"
	"strings"
)

// pages are the paths the tests ask for; every answer names the version.
func pages(version string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "hello from", version)
	})
	mux.HandleFunc("/healthz", healthz)
	mux.HandleFunc("/headers", headers)
	mux.HandleFunc("/env", environment)
	mux.HandleFunc("/file", file)
	return named(version, mux)
}

func named(version string, next http.Handler) http.Handler {
	host, _ := os.Hostname()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", version)
		w.Header().Set("X-Host", host)
		next.ServeHTTP(w, r)
	})
}

func healthz(w http.ResponseWriter, _ *http.Request) {
	if os.Getenv("APP_NEVER_READY") == "1" {
		http.Error(w, "not ready: waiting for a database that never comes", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

func headers(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s %s\nHost: %s\n", r.Method, r.URL, r.Proto, r.Host)
	var lines []string
	for name, values := range r.Header {
		lines = append(lines, name+": "+strings.Join(values, ", "))
	}
	sort.Strings(lines)
	fmt.Fprintln(w, strings.Join(lines, "\n"))
}

func environment(w http.ResponseWriter, _ *http.Request) {
	lines := os.Environ()
	sort.Strings(lines)
	fmt.Fprintln(w, strings.Join(lines, "\n"))
}

func file(w http.ResponseWriter, r *http.Request) {
	content, err := os.ReadFile(r.URL.Query().Get("path"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	_, _ = w.Write(content)
}
