/*
 * before.js
 * ~~~~~~~~~
 *
 * Paths of the shop.
 */

const path = require("path");

function home() {
  return process.env.HOME;
}

function cellar() {
  return path.join(home(), "cellar", "left");
}

module.exports = { home, cellar };
