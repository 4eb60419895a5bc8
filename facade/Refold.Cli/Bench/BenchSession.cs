// One run of the benchmarks: its options, its files in a directory that is removed, and journals that several rows share.
// Made by BenchRun and the guard; given to every row.
namespace Refold.Bench;

/// <summary>One run of the benchmarks.</summary>
/// <param name="options">How it is run.</param>
/// <param name="error">Where it says what a figure cannot.</param>
internal sealed class BenchSession(BenchOptions options, TextWriter error) : IDisposable
{
    private readonly Dictionary<string, object> kept = [];
    private readonly Lazy<(string Path, string Topmost)> root = new(() => MakeRoot(options.Directory));
    private int folders;

    /// <summary>How it is run.</summary>
    public BenchOptions Options { get; } = options;

    /// <summary>How often both sides are measured.</summary>
    public int Rounds => Options.Rounds;

    /// <summary>A new, empty directory.</summary>
    public string NewFolder(string name)
    {
        string path = Path.Combine(root.Value.Path, $"{++folders}-{name}");
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>What was made under a name, made now if it is not there: a journal that several rows read.</summary>
    public T Kept<T>(string name, Func<T> make)
        where T : notnull
    {
        if (!kept.TryGetValue(name, out object? found)) kept[name] = found = make();
        return (T)found;
    }

    /// <summary>A count, or the small one of a short run.</summary>
    public int Scaled(int full, int quick) => Options.Quick ? quick : full;

    /// <summary>The entries of a journal that several rows share; the guard needs no large one.</summary>
    public int ScaledJournal(int full, int quick) => Options.Guard ? Math.Min(full, 20_000) : Scaled(full, quick);

    /// <summary>A line beside the figures.</summary>
    public void Note(string line) => error.WriteLine(line);

    public void Dispose()
    {
        foreach (var item in kept.Values.OfType<IDisposable>()) item.Dispose();
        kept.Clear();
        if (!root.IsValueCreated) return;
        var (path, topmost) = root.Value;
        Directory.Delete(path, recursive: true);
        // What was made above it goes too, unless somebody else has put something there meanwhile.
        while (path != topmost && Path.GetDirectoryName(path) is { } above && !Directory.EnumerateFileSystemEntries(above).Any())
        {
            Directory.Delete(above);
            path = above;
        }
    }

    // The directory, and the topmost one that had to be made for it.
    private static (string Path, string Topmost) MakeRoot(string? directory)
    {
        if (directory is null)
        {
            string temporary = Directory.CreateTempSubdirectory("refold-bench-").FullName;
            return (temporary, temporary);
        }

        string path = Path.Combine(Path.GetFullPath(directory), $"refold-bench-{Guid.NewGuid():n}");
        string topmost = path;
        while (Path.GetDirectoryName(topmost) is { } above && !Directory.Exists(above)) topmost = above;
        Directory.CreateDirectory(path);
        return (path, topmost);
    }
}
