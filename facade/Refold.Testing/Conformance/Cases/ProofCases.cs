// What is promised of proofs: the roots of the model, a proof of every entry, and of growth between any two sizes.
// Run by JournalConformance.
namespace Refold.Testing;

internal static class ProofCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        Of("every size has the root of the model, every entry a proof, and any two sizes one of growth", GrownAsync),
        JournalCase.Of(
            "what was deleted is proved no more, what lies beside it is, and roots stay", DeletedAsync,
            JournalCapabilities.Proofs | JournalCapabilities.Deletion),
        JournalCase.Of(
            "gaps and holes have no proof, and sizes count batches across them", HolesAsync,
            JournalCapabilities.Proofs | JournalCapabilities.Restore),
        JournalCase.Of(
            "proofs are the same after opening again", ReopenedAsync, JournalCapabilities.Proofs | JournalCapabilities.Durability),
        JournalCase.Of(
            "a reader beside the writer proves what was answered", ReaderAsync,
            JournalCapabilities.Proofs | JournalCapabilities.SeveralProcesses),
    ];

    private static JournalCase Of(string name, Func<JournalBench, Task> run) => JournalCase.Of(name, run, JournalCapabilities.Proofs);

    private static AppendRequest Batch(int number) => new(
        [
            .. Enumerable.Range(0, 1 + (number % 3)).Select(item => JournalBench.Entry(
                "s" + ((number + item) % 4), $"{{\"n\":{number},\"pad\":\"{new string('x', number % 5 == 4 ? 9000 : 10)}\"}}") with
            {
                Time = number % 6 == 0 ? null : DateTimeOffset.UnixEpoch.AddSeconds(number * 37 % 50),
            })
        ]);

    private static async Task FillAsync(JournalBench bench, InMemoryJournal model, int from, int count)
    {
        for (var number = from; number < from + count; number++)
        {
            await model.AppendAsync(Batch(number));
            await bench.AppendAsync(Batch(number));
        }
    }

    private static async Task GrownAsync(JournalBench bench)
    {
        var model = new InMemoryJournal();
        await using (model)
        {
            await ProofReads.SameWholeAsync(model, bench.Journal);
            for (var number = 0; number < 70; number += 10)
            {
                await FillAsync(bench, model, number, 10);
                await ProofReads.SameAsync(model, bench.Journal, number);
            }

            await ProofReads.SameWholeAsync(model, bench.Journal);
        }
    }

    private static async Task DeletedAsync(JournalBench bench)
    {
        var model = new InMemoryJournal();
        await using (model)
        {
            await FillAsync(bench, model, 0, 20);
            foreach (var version in new[] { 1, 4 })
            {
                await model.DeleteToAsync("s1", version);
                await bench.DeleteToAsync("s1", version);
                await ProofReads.SameWholeAsync(model, bench.Journal);
            }

            await FillAsync(bench, model, 20, 20);
            await ProofReads.SameWholeAsync(model, bench.Journal);
        }
    }

    private static async Task HolesAsync(JournalBench bench)
    {
        var model = new InMemoryJournal();
        await using (model)
        {
            JournalEntry[][] batches =
            [
                [At(4, 1, 3), At(5, 2, 3), At(7, 3, 3)],
                [At(20, 4, 20)],
                [.. Enumerable.Range(0, 20).Select(number => At(30 + number, 5 + number, 30))],
                [At(90, 25, 90)],
            ];
            foreach (var batch in batches)
            {
                await model.TryRestoreAsync(batch);
                await Expect.Within(bench.Journal.TryRestoreAsync(batch).AsTask(), "the answer to a restored batch");
            }

            for (var position = 0; position <= 91; position += 6) await ProofReads.SameAsync(model, bench.Journal, position);
            await ProofReads.SameWholeAsync(model, bench.Journal);
        }

        static JournalEntry At(long position, long version, long batch) => new(position, version, batch, JournalBench.Entry("a"));
    }

    private static async Task ReopenedAsync(JournalBench bench)
    {
        var model = new InMemoryJournal();
        await using (model)
        {
            for (var round = 0; round < 3; round++)
            {
                await FillAsync(bench, model, round * 19, 19);
                await bench.ReopenAsync();
                await ProofReads.SameWholeAsync(model, bench.Journal);
            }
        }
    }

    private static async Task ReaderAsync(JournalBench bench)
    {
        var model = new InMemoryJournal();
        await using (model)
        {
            await FillAsync(bench, model, 0, 12);
            var reader = await Expect.Within(bench.Fixture.OpenForReadingAsync(CancellationToken.None).AsTask(), "the opened reader");
            await using (reader)
            {
                await ProofReads.SameWholeAsync(model, reader);
                for (var round = 1; round < 3; round++)
                {
                    await FillAsync(bench, model, round * 12, 12);
                    await ProofReads.SameWholeAsync(model, reader);
                }
            }
        }
    }
}
