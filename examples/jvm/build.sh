#!/bin/sh
# What Maven or Gradle would leave: a jar in target/lib, classes and resources in target/classes.
set -eu
cd "$(dirname "$0")"
mkdir -p target/greeting target/lib target/classes
javac --release 17 -d target/greeting lib/com/example/greeting/Greeting.java
jar --create --file target/lib/greeting-1.0.jar --date 2026-01-01T00:00:00Z -C target/greeting .
javac --release 17 -cp target/lib/greeting-1.0.jar -d target/classes src/com/example/Main.java
cp src/greeting.txt target/classes/
