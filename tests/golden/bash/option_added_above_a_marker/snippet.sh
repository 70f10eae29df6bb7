#!/bin/bash
set -euo pipefail

# ... existing code ...

build
