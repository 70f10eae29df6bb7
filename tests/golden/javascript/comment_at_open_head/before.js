/*
 * @format
 */

const path = require("path");

function home() {
  return process.env.HOME;
}

module.exports = { home };
