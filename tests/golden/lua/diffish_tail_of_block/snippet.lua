-- ... existing code ...
   while true do
     local client = server:accept()
-    client:settimeout(30)
+    client:settimeout(M.timeout)
     serve(client)
-    client:close()
+    pcall(client.close, client)
   end
 end
-- ... existing code ...
