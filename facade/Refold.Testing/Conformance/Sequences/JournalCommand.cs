// The commands of random sequences. Places are relative to those that are there, so that any part of a sequence is one too.
// Drawn and shrunk by CommandGenerator, executed by SequenceRun.
using System.Globalization;

namespace Refold.Testing;

/// <summary>A command of a random sequence; its text says all of it.</summary>
internal abstract record JournalCommand
{
    /// <summary>What a store declares that can be asked this.</summary>
    internal virtual JournalCapabilities Needs => JournalCapabilities.None;

    protected static string List<T>(IEnumerable<T> items) =>
        "[" + string.Join("; ", items.Select(item => string.Create(CultureInfo.InvariantCulture, $"{item}"))) + "]";

    /// <summary>Appends a batch. One that is cancelled has a key: the caller stops waiting, and asks once more.</summary>
    public sealed record Append(EntryShape[] Entries, Expectation[] Expected, int? Key, QueryShape? Condition, int Back, bool IsCancelled)
        : JournalCommand
    {
        internal override JournalCapabilities Needs =>
            (Key is null ? JournalCapabilities.None : JournalCapabilities.Keys)
            | (Condition is null ? JournalCapabilities.None : JournalCapabilities.Conditions);

        public override string ToString() =>
            "append " + List(Entries)
            + (Expected.Length == 0 ? "" : " expecting " + List(Expected))
            + (Key is { } key ? FormattableString.Invariant($" with key {key}{(IsCancelled ? ", cancelled and asked once more" : "")}")
                : "")
            + (Condition is null ? "" : FormattableString.Invariant($" unless {Condition} after the head less {Back}"));
    }

    /// <summary>Asks once more for what was asked before, whatever came of it.</summary>
    public sealed record Repeat(int Which) : JournalCommand;

    /// <summary>Deletes a stream up to a version: so many below the highest.</summary>
    public sealed record Delete(int Stream, int Below) : JournalCommand
    {
        internal override JournalCapabilities Needs => JournalCapabilities.Deletion;
    }

    /// <summary>Restores a batch: so many positions behind the head, with holes before entries, its streams going on after a gap or
    /// none.</summary>
    public sealed record Restore(EntryShape[] Entries, int Gap, int[] Holes, int VersionGap, int? Key) : JournalCommand
    {
        internal override JournalCapabilities Needs =>
            JournalCapabilities.Restore | (Key is null ? JournalCapabilities.None : JournalCapabilities.Keys);

        public override string ToString() =>
            FormattableString.Invariant($"restore {List(Entries)} {Gap} behind the head, holes {List(Holes)}, versions {VersionGap} off")
            + (Key is { } key ? FormattableString.Invariant($", key {key}") : "");
    }

    /// <summary>Reads a part of a stream.</summary>
    public sealed record ReadStream(int Stream, int From, int To, int Most) : JournalCommand;

    /// <summary>Reads a part of everything, from so many positions before the head.</summary>
    public sealed record ReadAll(int Back, int Most) : JournalCommand;

    /// <summary>Asks for a page of streams: which begin with a prefix, behind one, so many at most.</summary>
    public sealed record Page(string Prefix, int? After, int Most) : JournalCommand;

    /// <summary>Asks for the receipt of a key, and for the head so many positions before the last.</summary>
    public sealed record LookUp(int Key, int Back) : JournalCommand
    {
        internal override JournalCapabilities Needs => JournalCapabilities.Keys;
    }

    /// <summary>Begins a read of everything, cancels it after so many entries, and reads again.</summary>
    public sealed record Stop(int After) : JournalCommand;

    /// <summary>Asks a query, from so many positions before the head.</summary>
    public sealed record Ask(QueryShape Query, int Back, int Most) : JournalCommand
    {
        internal override JournalCapabilities Needs => JournalCapabilities.Queries;
    }

    /// <summary>Subscribes, from so many positions before the head, and stays.</summary>
    public sealed record Subscribe(int Back) : JournalCommand
    {
        internal override JournalCapabilities Needs => JournalCapabilities.Subscriptions;
    }

    /// <summary>Subscribes behind a kept place, or behind one of another history.</summary>
    public sealed record SubscribeBehind(int Back, bool IsForeign) : JournalCommand
    {
        internal override JournalCapabilities Needs => JournalCapabilities.Subscriptions;
    }

    /// <summary>Closes the journal and opens it again.</summary>
    public sealed record Reopen : JournalCommand
    {
        internal override JournalCapabilities Needs => JournalCapabilities.Durability;
    }

    /// <summary>Crashes, where the fixture can, and opens the journal again.</summary>
    public sealed record Crash : JournalCommand
    {
        internal override JournalCapabilities Needs => JournalCapabilities.Durability;
    }
}

/// <summary>What an entry looks like.</summary>
/// <param name="Stream">Which stream.</param>
/// <param name="Type">Which type.</param>
/// <param name="Tags">Which tags, a bit each.</param>
/// <param name="Bytes">The length of its payload.</param>
/// <param name="Fields">Which of the other fields it has, a bit each.</param>
internal sealed record EntryShape(int Stream, int Type, int Tags, int Bytes, int Fields)
{
    private static readonly string[] Streams = ["a", "b", "b/1", "\u00e9", "s$"];
    private static readonly string[] Types = ["t", "u", "\u00fc"];
    private static readonly string[] TagNames = ["x", "y", "\u00e4"];

    public override string ToString()
    {
        var tags = string.Concat(TagsOf(Tags).Select(tag => "#" + tag));
        return FormattableString.Invariant($"{StreamOf(Stream)} {TypeOf(Type)}{tags} {Bytes} bytes, fields {Fields}");
    }

    public static StreamId StreamOf(int number) => Streams[number % Streams.Length];

    public static string[] TagsOf(int bits) => [.. TagNames.Where((_, index) => (bits & (1 << index)) != 0)];

    public static string TypeOf(int number) => Types[number % Types.Length];

    public EntryData ToData() => new(StreamOf(Stream), TypeOf(Type), Payload())
    {
        Tags = TagsOf(Tags),
        Role = (Fields & 3) switch { 0 => EntryRole.Fact, 1 => EntryRole.Event, 2 => EntryRole.Command, _ => EntryRole.Unmarked },
        SchemaVersion = (Fields & 4) != 0 ? 2 : 1,
        Time = (Fields & 8) != 0 ? new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(Bytes) : null,
        Id = (Fields & 16) != 0 ? new Guid(Bytes, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) : null,
        CorrelationId = (Fields & 32) != 0 ? new Guid(Bytes, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10) : null,
        // Of an entry that was given its id, of one that comes later, or of none.
        CausationId = (Fields & 4) != 0 ? new Guid(Bytes / 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) : null,
        Run = (Fields & 64) != 0 ? RunId.Create("run") : null,
        Drawn = (Fields & 3) == 2 ? (ulong)Fields : null,
    };

    // From its own shape, so that a retry has the same bytes.
    private byte[] Payload() => [.. Enumerable.Range(0, Bytes).Select(index => (byte)((index + Fields) % 256))];
}

/// <summary>What is expected of a stream.</summary>
/// <param name="Stream">Which stream.</param>
/// <param name="Kind">0: any, 1: no stream, 2: an existing one, otherwise a version.</param>
/// <param name="Offset">That version, less the highest.</param>
internal sealed record Expectation(int Stream, int Kind, int Offset)
{
    public override string ToString() => FormattableString.Invariant($"{EntryShape.StreamOf(Stream)} kind {Kind}, offset {Offset}");
}

/// <summary>A query of up to two items.</summary>
/// <param name="Items">Bits of tags, and of types; an item of 0 and 0 matches every entry.</param>
internal sealed record QueryShape((int Tags, int Types)[] Items)
{
    public Query ToQuery() => Query.Any([.. Items.Select(item => new QueryItem(TypesOf(item.Types), EntryShape.TagsOf(item.Tags)))]);

    private static string[] TypesOf(int bits) =>
        [.. Enumerable.Range(0, 3).Where(type => (bits & (1 << type)) != 0).Select(EntryShape.TypeOf)];

    public override string ToString() => string.Join(" or ", Items);
}
