// Workloads of the segment journal by name: each kind of writing, so that every crash point of it can be tried.
// Used by the tests of crash points and faults, and by the suites.
namespace Refold.Suites;

internal static class CrashWorkloads
{
    /// <summary>The workload of a seed: the one whose place is the remainder.</summary>
    public static IReadOnlyList<CrashStep> Of(ulong seed) => Named.Values.ElementAt((int)(seed % (ulong)Named.Count));

    public static IReadOnlyDictionary<string, CrashStep[]> Named { get; } = new Dictionary<string, CrashStep[]>(StringComparer.Ordinal)
    {
        ["rotation"] =
        [
            .. Enumerable.Range(0, 8).Select(number => new CrashStep.Append(CrashStore.Batch("s" + number % 2, 1 + number % 3, 200)))
        ],
        ["large batches"] =
        [
            new CrashStep.Append(CrashStore.Batch("a", 12, 400)),
            new CrashStep.Append(CrashStore.Batch("a", 1)),
            new CrashStep.Append(CrashStore.Batch("b", 3, 1500)),
            new CrashStep.Reopen(),
            new CrashStep.Append(CrashStore.Batch("b", 1)),
        ],
        ["keys and deletes"] =
        [
            new CrashStep.Append(CrashStore.Batch("a", 3, key: "first")),
            new CrashStep.Delete("a", 0.4),
            new CrashStep.Retry(0),
            new CrashStep.Append(CrashStore.Batch("b", 2, key: "second")),
            new CrashStep.Delete("a", 1),
            new CrashStep.Retry(1),
            new CrashStep.Append(CrashStore.Batch("a", 1)),
            new CrashStep.Kill(),
            new CrashStep.Retry(0),
        ],
        ["groups"] =
        [
            new CrashStep.Append(CrashStore.Batch("a", 1)),
            new CrashStep.Group(
                CrashStore.Batch("a", 2),
                [CrashStore.Batch("b", 1, key: "k"), CrashStore.Batch("c", 3), CrashStore.Batch("b", 1, key: "k"),
                    CrashStore.Batch("a", 1, 900)]),
            new CrashStep.Group(CrashStore.Batch("d", 1), [CrashStore.Batch("d", 1), CrashStore.Batch("e", 4, 300)]),
        ],
        ["merging"] =
        [
            .. Enumerable.Range(0, 6).Select(number => new CrashStep.Append(CrashStore.Batch("s" + number % 2, 1 + number % 3, 300))),
            new CrashStep.Compact(Compaction.Merge) { Meanwhile = [CrashStore.Batch("m", 1, 100, "during")], After = 3 },
            new CrashStep.Append(CrashStore.Batch("s1", 1)),
        ],
        ["retention"] =
        [
            .. Enumerable.Range(0, 6)
                .Select(number => new CrashStep.Append(CrashStore.Batch("s" + number % 2, 1 + number % 3, 300, "key " + number))),
            new CrashStep.Compact(Compaction.Retain, 0.6) { Meanwhile = [CrashStore.Batch("m", 2, 100)], After = 6 },
            new CrashStep.Append(CrashStore.Batch("s1", 1)),
            new CrashStep.Retry(1),
            new CrashStep.Compact(Compaction.Retain),
            new CrashStep.Append(CrashStore.Batch("s0", 1)),
        ],
        ["retention, and appends behind its commit"] =
        [
            .. Enumerable.Range(0, 3).Select(number => new CrashStep.Append(CrashStore.Batch("s" + number % 2, 2))),
            new CrashStep.Compact(Compaction.Retain, 0.6) { Meanwhile = [CrashStore.Batch("m", 2), CrashStore.Batch("m", 1)], After = 12 },
        ],
        ["streams dropped"] =
        [
            .. Enumerable.Range(0, 6)
                .Select(number => new CrashStep.Append(CrashStore.Batch("s" + number % 2, 1 + number % 3, 300, "key " + number))),
            new CrashStep.Compact(Compaction.DeleteStream) { Stream = "s0", Meanwhile = [CrashStore.Batch("s0", 1, 100)], After = 2 },
            new CrashStep.Delete("s1", 0.7),
            new CrashStep.Compact(Compaction.DropDeleted),
            new CrashStep.Retry(2),
            new CrashStep.Append(CrashStore.Batch("s0", 1)),
        ],
        ["keys forgotten"] =
        [
            .. Enumerable.Range(0, 4)
                .Select(number => new CrashStep.Append(CrashStore.Batch("s" + number % 2, 1 + number % 3, 300, "key " + number))),
            new CrashStep.Delete("s0", 1),
            new CrashStep.Compact(Compaction.DropDeleted),
            new CrashStep.Compact(Compaction.ForgetKeys, 0.5),
            new CrashStep.Retry(0),
            new CrashStep.Retry(3),
            new CrashStep.Compact(Compaction.Retain, 0.9),
            new CrashStep.Reopen(),
            new CrashStep.Retry(0),
            new CrashStep.Retry(1),
        ],
        ["checkpoints"] =
        [
            .. Enumerable.Range(0, 3).Select(number => new CrashStep.Append(CrashStore.Batch("s" + number % 2, 2, 60, "key " + number))),
            new CrashStep.Reopen(),
            new CrashStep.Delete("s0", 0.5),
            new CrashStep.Append(CrashStore.Batch("s1", 2, 150, "key 3")),
            new CrashStep.Kill(),
            new CrashStep.Retry(3),
            new CrashStep.Append(CrashStore.Batch("s0", 1, 900)),
            new CrashStep.Append(CrashStore.Batch("s1", 1, 900)),
            new CrashStep.Reopen(),
            new CrashStep.Append(CrashStore.Batch("s0", 1)),
        ],
        ["process after process"] =
        [
            new CrashStep.Append(CrashStore.Batch("a", 2)),
            new CrashStep.Kill(),
            new CrashStep.Append(CrashStore.Batch("a", 2, 700)),
            new CrashStep.Reopen(),
            new CrashStep.Append(CrashStore.Batch("a", 2, 300)),
            new CrashStep.Kill(),
            new CrashStep.Kill(),
            new CrashStep.Append(CrashStore.Batch("a", 1)),
        ],
    };
}
