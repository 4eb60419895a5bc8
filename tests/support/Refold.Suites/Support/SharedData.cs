// The data and vectors beside the repository, where they are there.
// Used by tests that then say that they did not run.
using Xunit.Abstractions;

namespace Refold.Suites;

internal static class SharedData
{
    /// <summary>The file, or null after one line that says it is missing.</summary>
    public static string? Find(ITestOutputHelper output, string name)
    {
        // A worktree lies one directory deeper than the repository it belongs to.
        foreach (string above in (string[])["..", "../.."])
        {
            string file = Path.GetFullPath(Path.Combine(SourceTree.Root, above, "shared", name));
            if (File.Exists(file))
                return file;
        }

        output.WriteLine($"Not run: shared/{name} is not beside the repository.");
        return null;
    }
}
