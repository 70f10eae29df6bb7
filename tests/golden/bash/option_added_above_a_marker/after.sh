#!/bin/bash
set -euo pipefail

build() {
  make all
}

build
