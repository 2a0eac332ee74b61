#!/bin/bash
# analyzer.sh - gcc -fanalyzer compiles the programs without a word (the sanitizers run the tests).
set -euo pipefail
cd "${SANDTABLE_SOURCE:-.}"
cmake --preset analyze >/dev/null
cmake --build build-analyze --target engine/all ui/display/all images/guest/all -j "$((($(nproc) + 1) / 2))" -- --quiet -k 0
