using System;
using System.IO;
using System.Linq;

// ... existing code ...

        public static string Logs(string name)
        {
            return Path.Combine(Root, "logs", DateTime.UtcNow.ToString("yyyy-MM"), name);
        }

        // ... existing code ...
