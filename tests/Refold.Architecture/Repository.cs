// Where the sources are, found from the folder the tests run in.
// Used by the tests that read source files or approved texts.
namespace Refold.Architecture;

internal static class Repository
{
    /// <summary>The folder that holds Functional.sln.</summary>
    public static string Root { get; } = Find();

    /// <summary>Every source file that belongs to the project, without what builds make.</summary>
    public static IEnumerable<string> Sources(params string[] extensions) =>
        new[] { "core", "facade", "tests", "properties" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories))
            .Where(file => extensions.Contains(Path.GetExtension(file)))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Functional.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException("Functional.sln is in no folder above " + AppContext.BaseDirectory);
    }
}
