// The four things a harness records: two commands with their time, a seed, a size.
// Made by programs that record; handed to sinks on replay.
namespace Refold;

/// <summary>What a <see cref="ReplayHarness"/> records: one of <see cref="DeviceCommand"/>, <see cref="KernelCommand"/>,
/// <see cref="RngSeed"/>, <see cref="BatchSize"/>. Equal by content.</summary>
public abstract record ReplayJournalEntry
{
    /// <summary>The entry type under which a journal keeps these entries; never changed.</summary>
    public const string EntryType = "replay-journal-entry";

    private ReplayJournalEntry()
    {
    }

    /// <summary>Entries as JSON with the case outside, members in this order, schema version 1:
    /// <c>{"DeviceCmd":{"ts_micros":12,"name":"open","payload":"0"}}</c>, <c>{"KernelCmd":{"ts_micros":12,"kind":"gemm","payload":""}}</c>,
    /// <c>{"RngSeed":{"actor_path":"a/rng","seed":1}}</c>, <c>{"BatchSize":{"actor_path":"a","size":32}}</c>.</summary>
    /// <value>Integers are written as numbers up to 2^53 - 1, which every reader of JSON holds exactly, and as strings above; both are read
    /// for each. Spaces and the order of members are free; what is unknown, missing or repeated is refused.</value>
    public static Codec<ReplayJournalEntry> Codec { get; } =
        Refold.Codec.Create<ReplayJournalEntry>(EntryType, ReplayEntryJson.Write, ReplayEntryJson.Read);

    /// <summary>A command to a device.</summary>
    /// <param name="TsMicros">Microseconds since the harness was made; recording overwrites the given value.</param>
    /// <param name="Name">Which command.</param>
    /// <param name="Payload">What it was given.</param>
    public sealed record DeviceCommand(ulong TsMicros, string Name, string Payload) : ReplayJournalEntry
    {
        internal override ReplayJournalEntry At(ulong micros) => this with { TsMicros = micros };
    }

    /// <summary>A command to a kernel.</summary>
    /// <param name="TsMicros">Microseconds since the harness was made; recording overwrites the given value.</param>
    /// <param name="Kind">Which command.</param>
    /// <param name="Payload">What it was given.</param>
    public sealed record KernelCommand(ulong TsMicros, string Kind, string Payload) : ReplayJournalEntry
    {
        internal override ReplayJournalEntry At(ulong micros) => this with { TsMicros = micros };
    }

    /// <summary>The seed of a generator.</summary>
    /// <param name="ActorPath">Whose generator.</param>
    /// <param name="Seed">The seed.</param>
    public sealed record RngSeed(string ActorPath, ulong Seed) : ReplayJournalEntry;

    /// <summary>A size that was chosen for a batch.</summary>
    /// <param name="ActorPath">Who chose it.</param>
    /// <param name="Size">The size.</param>
    public sealed record BatchSize(string ActorPath, ulong Size) : ReplayJournalEntry;

    /// <summary>The entry as of a time; one without a time stays as it is.</summary>
    internal virtual ReplayJournalEntry At(ulong micros) => this;
}
