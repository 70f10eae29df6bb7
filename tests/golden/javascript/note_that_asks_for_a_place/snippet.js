function main(args) {
  const options = parse(args);
  run(options);
}

// NEW: read the arguments (put this right after main)
function parse(args) {
  // EDIT 2: the root has a default
  return { root: args[0] || '.' };
}

module.exports = { main };
