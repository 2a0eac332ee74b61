#!/bin/bash
# analyzer.sh - gcc -fanalyzer compiles everything without a word.
set -euo pipefail
cd "${SANDTABLE_SOURCE:-.}"
cmake --preset analyze >/dev/null
cmake --build build-analyze -- --quiet -k 0
