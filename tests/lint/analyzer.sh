#!/bin/bash
# analyzer.sh - gcc -fanalyzer compiles everything without a word.
set -euo pipefail
cd "${SANDTABLE_SOURCE:-.}"
cmake --preset analyze >/dev/null
cmake --build build-analyze -j "$((($(nproc) + 1) / 2))" -- --quiet -k 0
