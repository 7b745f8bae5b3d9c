-- How the requests went, for a program.
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    "\ncounted requests=%d status=%d connect=%d read=%d write=%d timeout=%d seconds=%.1f p99=%.1f\n",
    summary.requests, e.status, e.connect, e.read, e.write, e.timeout,
    summary.duration / 1e6, latency:percentile(99) / 1000))
end
