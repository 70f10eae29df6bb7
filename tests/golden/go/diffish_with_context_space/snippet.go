// ... existing code ...
 func New(db *sql.DB) *Store {
-	return &Store{db: db}
+	db.SetMaxOpenConns(16)
+	db.SetConnMaxLifetime(time.Hour)
+	return &Store{db: db}
 }
 
 // AccountByID loads one account.
// ... existing code ...
