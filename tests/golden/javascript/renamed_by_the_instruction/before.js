const fs = require('fs');

function count(file) {
  const text = fs.readFileSync(file, 'utf8');
  return text.split('\n').length;
}

function total(files) {
  return files.map(count).reduce((a, b) => a + b, 0);
}

module.exports = { count, total };
