using System;
using System.IO;
using System.Linq;

namespace Depot.Files
{
    public static class Paths
    {
        public static string Root { get; set; } = AppContext.BaseDirectory;

        public static string Data(string name)
        {
            return Path.Combine(Root, "data", name);
        }

        public static string Logs(string name)
        {
            return Path.Combine(Root, "logs", DateTime.UtcNow.ToString("yyyy-MM"), name);
        }

        public static string Temp(string name)
        {
            return Path.Combine(Path.GetTempPath(), name);
        }

        public static void Ensure(string path)
        {
            var folder = Path.GetDirectoryName(path);
            if (!string.IsNullOrEmpty(folder))
            {
                Directory.CreateDirectory(folder);
            }
        }
    }
}
