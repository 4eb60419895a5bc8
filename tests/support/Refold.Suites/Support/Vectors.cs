// The data and test vectors of others that tests read: `tests/vectors`, in the repository. A missing file is a failure.
// Used by tests that read them.
namespace Refold.Suites;

internal static class Vectors
{
    /// <summary>The full path of a file in `tests/vectors`.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static string PathOf(string name)
    {
        var file = SourceTree.PathOf("tests/vectors/" + name);
        return File.Exists(file) ? file : throw new FileNotFoundException("A file that tests read is not in the repository.", file);
    }
}
