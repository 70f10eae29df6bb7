function main(args) {
  const options = parse(args);
  run(options);
}

function parse(args) {
  return { root: args[0] || '.' };
}

module.exports = { main };
