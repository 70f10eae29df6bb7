function main(args) {
  const options = { root: args[0] };
  run(options);
}

module.exports = { main };
