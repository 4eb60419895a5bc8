// The repository that the tests were built from: its documents and scripts are tested as they lie there.
// Used by the tests of documentation, and by whoever looks for data beside it.
namespace Refold.Suites;

internal static class SourceTree
{
    public static string Root { get; } = Find();

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static string Read(string relative) => File.ReadAllText(PathOf(relative));

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Functional.sln")))
                return directory.FullName;
        }

        throw new DirectoryNotFoundException("The tests run outside the repository.");
    }
}
