#!/bin/sh
set -eu
cd "$(dirname "$0")"
npm ci --silent --no-audit --no-fund
