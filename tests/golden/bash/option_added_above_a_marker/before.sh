#!/bin/bash
set -e

build() {
  make all
}

build
