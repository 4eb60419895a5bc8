// Draws and shrinks sequences of commands, with FsCheck.
// Used by SequenceCheck.
using FsCheck;
using FsCheck.Fluent;

namespace Refold.Testing;

internal static class CommandGenerator
{
    private const int MostStreams = 5;

    private static readonly Gen<EntryShape> Entries =
        from stream in Gen.Choose(0, MostStreams - 1)
        from type in Gen.Choose(0, 2)
        from tags in Gen.Choose(0, 7)
        from bytes in Gen.Frequency((20, Gen.Choose(0, 60)), (3, Gen.Choose(0, 3000)), (1, Gen.Choose(0, 40_000)))
        from fields in Gen.Choose(0, 127)
        select new EntryShape(stream, type, tags, bytes, fields);

    private static readonly Gen<Expectation> Expectations =
        from stream in Gen.Choose(0, MostStreams - 1)
        from kind in Gen.Choose(0, 6)
        from offset in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(-2, 2)))
        select new Expectation(stream, kind, offset);

    private static readonly Gen<QueryShape> Queries =
        from count in Gen.Choose(0, 2)
        from items in (from tags in Gen.Choose(0, 7) from types in Gen.Choose(0, 7) select (tags, types)).ArrayOf(count)
        select new QueryShape(items);

    private static readonly Gen<int?> Keys = Gen.Frequency((3, Gen.Constant<int?>(null)), (1, Gen.Choose(0, 5).Select(key => (int?)key)));

    private static readonly Gen<JournalCommand> Appends =
        from count in Gen.Frequency((6, Gen.Choose(1, 4)), (1, Gen.Choose(0, 12)))
        from entries in Entries.ArrayOf(count)
        from expecting in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(1, 3)))
        from expected in Expectations.ArrayOf(expecting)
        from key in Keys
        from condition in Gen.Frequency((3, Gen.Constant<QueryShape?>(null)), (1, Queries.Select(query => (QueryShape?)query)))
        from back in Gen.Choose(-1, 8)
        from isCancelled in Gen.Frequency((2, Gen.Constant(false)), (1, Gen.Constant(true)))
        select (JournalCommand)new JournalCommand.Append(entries, expected, key, condition, back, key is not null && isCancelled);

    private static readonly Gen<JournalCommand> Restores =
        from count in Gen.Choose(1, 4)
        from entries in Entries.ArrayOf(count)
        from gap in Gen.Frequency((4, Gen.Choose(1, 3)), (1, Gen.Choose(-1, 0)))
        from holes in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(0, 2))).ArrayOf(count)
        from versionGap in Gen.Frequency((5, Gen.Constant(0)), (1, Gen.Choose(-1, 2)))
        from key in Keys
        select (JournalCommand)new JournalCommand.Restore(entries, gap, holes, versionGap, key);

    private static readonly Gen<JournalCommand> StreamReads =
        from stream in Gen.Choose(0, MostStreams - 1)
        from start in Gen.Choose(-1, 8)
        from end in Gen.Choose(-1, 10)
        from most in Gen.Choose(0, 6)
        select (JournalCommand)new JournalCommand.ReadStream(stream, start, end, most);

    private static readonly Gen<JournalCommand> Deletions =
        from stream in Gen.Choose(0, MostStreams - 1)
        from below in Gen.Choose(-1, 4)
        select (JournalCommand)new JournalCommand.Delete(stream, below);

    private static readonly Gen<JournalCommand> Pages =
        from prefix in Gen.Elements("", "a", "b", "b/", "\u00e9", "$", "c")
        from after in Gen.Frequency((1, Gen.Constant<int?>(null)), (2, Gen.Choose(0, MostStreams - 1).Select(stream => (int?)stream)))
        from most in Gen.Choose(0, 6)
        select (JournalCommand)new JournalCommand.Page(prefix, after, most);

    private static readonly Gen<JournalCommand> Questions =
        from query in Queries
        from back in Gen.Choose(-1, 20)
        from most in Gen.Choose(0, 8)
        select (JournalCommand)new JournalCommand.Ask(query, back, most);

    private static readonly Gen<JournalCommand> Commands = Gen.Frequency(
        (20, Appends),
        (3, Gen.Choose(0, 20).Select(which => (JournalCommand)new JournalCommand.Repeat(which))),
        (3, Deletions),
        (3, Restores),
        (3, StreamReads),
        (2, Two(Gen.Choose(-1, 12), Gen.Choose(0, 8), (back, most) => new JournalCommand.ReadAll(back, most))),
        (2, Pages),
        (2, Two(Gen.Choose(0, 6), Gen.Choose(-1, 6), (key, back) => new JournalCommand.LookUp(key, back))),
        (1, Gen.Choose(0, 3).Select(after => (JournalCommand)new JournalCommand.Stop(after))),
        (4, Questions),
        (1, Gen.Choose(-2, 10).Select(back => (JournalCommand)new JournalCommand.Subscribe(back))),
        (1, Two(Gen.Choose(-1, 6), Gen.Elements(true, false), (back, isForeign) => new JournalCommand.SubscribeBehind(back, isForeign))),
        (2, Gen.Constant<JournalCommand>(new JournalCommand.Reopen())),
        (1, Gen.Constant<JournalCommand>(new JournalCommand.Crash())));

    /// <summary>Sequences of up to so many commands.</summary>
    public static Arbitrary<JournalCommand[]> Sequences(int most) =>
        Arb.From(
            from count in Gen.Choose(1, most) from commands in Commands.ArrayOf(count) select commands,
            commands => SequenceShrinking.Shrink(commands, Shrink));

    private static Gen<JournalCommand> Two<T1, T2>(Gen<T1> first, Gen<T2> second, Func<T1, T2, JournalCommand> make) =>
        from one in first from two in second select make(one, two);

    private static IEnumerable<JournalCommand> Shrink(JournalCommand command)
    {
        if (command is not JournalCommand.Append append) yield break;
        if (append.Condition is not null) yield return append with { Condition = null };
        if (append.IsCancelled) yield return append with { IsCancelled = false };
        if (append.Key is not null) yield return append with { Key = null, IsCancelled = false };
        if (append.Expected.Length > 0) yield return append with { Expected = [] };
        if (append.Entries.Length > 1)
        {
            for (var index = 0; index < append.Entries.Length; index++)
                yield return append with { Entries = [.. append.Entries[..index], .. append.Entries[(index + 1)..]] };
        }

        if (append.Entries.Any(entry => entry.Bytes > 0)) yield return Each(entry => entry with { Bytes = 0 });
        if (append.Entries.Any(entry => entry.Fields > 0 || entry.Tags > 0)) yield return Each(
            entry => entry with { Fields = 0, Tags = 0 });

        JournalCommand Each(Func<EntryShape, EntryShape> change) => append with { Entries = [.. append.Entries.Select(change)] };
    }
}
