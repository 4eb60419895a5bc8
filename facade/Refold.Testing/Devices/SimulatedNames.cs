// The names of a simulated directory: as the process sees them, as they are durable, and the changes between the two.
// Used by SimulatedDevice, under its lock.
namespace Refold.Testing;

/// <summary>A directory.</summary>
internal sealed class SimulatedNames
{
    private readonly List<Change> pending = [];
    private Dictionary<string, SimulatedContent> names = new(StringComparer.Ordinal);
    private Dictionary<string, SimulatedContent> durable = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, SimulatedContent> Names => names;

    public IEnumerable<SimulatedContent> Durable => durable.Values;

    public SimulatedContent Find(string name) =>
        names.TryGetValue(name, out var content) ? content : throw new FileNotFoundException($"{name} is not there.", name);

    public SimulatedContent Create(string name)
    {
        RequireFree(name);
        var content = new SimulatedContent { Name = name };
        Record(new Change(name, content));
        return content;
    }

    public void Rename(string from, string to)
    {
        var content = Find(from);
        RequireFree(to);
        content.Name = to;
        Record(new Change(to, content));
    }

    /// <summary>Removes a file; one that is not there stays so, as with the operating system.</summary>
    public void Delete(string name)
    {
        if (names.TryGetValue(name, out var content)) Record(new Change(null, content));
    }

    public void Flush()
    {
        durable = new(names, StringComparer.Ordinal);
        pending.Clear();
    }

    /// <summary>Each change is made durable or taken back; names then are as on the medium.</summary>
    public void FailFlush(SeededRng rng)
    {
        var left = new Dictionary<string, SimulatedContent>(durable, StringComparer.Ordinal);
        foreach (var change in pending.Where(_ => rng.NextBoolean())) Apply(left, change);
        durable = left;
        names = new(left, StringComparer.Ordinal);
        foreach (var (name, content) in names) content.Name = name;
        pending.Clear();
    }

    /// <summary>The file is gone from the medium.</summary>
    public void Lose(string name)
    {
        names.Remove(name);
        durable.Remove(name);
    }

    /// <summary>The same in another process of the same machine.</summary>
    public SimulatedNames Copy(Func<SimulatedContent, SimulatedContent> copyOf)
    {
        var copy = new SimulatedNames();
        foreach (var (name, content) in names) copy.names[name] = copyOf(content);
        foreach (var (name, content) in durable) copy.durable[name] = copyOf(content);
        copy.pending.AddRange(pending.Select(change => change with { Content = copyOf(change.Content) }));
        return copy;
    }

    /// <summary>What a power cut leaves, all of it durable.</summary>
    public SimulatedNames AfterCrash(Keep keep, SeededRng rng, Func<SimulatedContent, SimulatedContent> survivorOf)
    {
        var left = new Dictionary<string, SimulatedContent>(durable, StringComparer.Ordinal);
        foreach (var change in pending)
        {
            if (keep.Which == Keep.Choice.All || (keep.Which == Keep.Choice.Drawn && rng.NextBoolean())) Apply(left, change);
        }

        var after = new SimulatedNames();
        foreach (var (name, content) in left.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            after.names[name] = after.durable[name] = survivorOf(content);
            after.names[name].Name = name;
        }

        return after;
    }

    private void Record(Change change)
    {
        pending.Add(change);
        Apply(names, change);
    }

    // A file has one name. So a rename that is kept without the changes before it takes the file from wherever it is.
    private static void Apply(Dictionary<string, SimulatedContent> names, Change change)
    {
        foreach (var name in names.Where(pair => ReferenceEquals(pair.Value, change.Content)).Select(pair => pair.Key).ToList())
            names.Remove(name);
        if (change.Added is { } added) names[added] = change.Content;
    }

    private void RequireFree(string name)
    {
        if (names.ContainsKey(name)) throw new IOException($"{name} is there.");
    }

    private sealed record Change(string? Added, SimulatedContent Content);
}
