/* eslint-disable no-undef */

const path = require("path");

function home() {
// ... existing code ...
