```javascript
// static/before.js
// ... existing code ...
function cellar() {
  return path.join(home(), "cellar", "left");
}
// ... existing code ...
```
