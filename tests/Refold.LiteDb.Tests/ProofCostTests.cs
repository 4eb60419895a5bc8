// What a proof reads of a LiteDB file of some thousand batches and of ten times as many: bytes, counted; never time.
// Run by `dotnet test`.
using Refold.LiteDb.Storage;
using Xunit;
using Xunit.Abstractions;

namespace Refold.LiteDb;

public class ProofCostTests(ITestOutputHelper output)
{
    private const int Proofs = 30;

    /// <summary>Cold, each look-up walks a skip list of LiteDB, a page a step: the square of the logarithm, where the file has so many
    /// pages.</summary>
    [Fact]
    public async Task AProof_ReadsWithTheLogarithm()
    {
        var costs = new List<double>();
        foreach (var batches in new[] { 2000, 20_000 })
        {
            using var directory = new TemporaryDirectory();
            var path = directory.File("journal.db");
            await using (var filling = LiteDbJournal.Open(path))
            {
                foreach (var numbers in Enumerable.Range(0, batches).Chunk(500))
                {
                    await Task.WhenAll(
                        numbers.Select(number => filling.AppendAsync(new AppendRequest(Samples.Entry("s" + (number % 50)))).AsTask()));
                }
            }

            // Each proof by a journal that was just opened: LiteDB keeps the pages that it has read.
            var read = 0.0;
            for (var number = 0; number < Proofs; number++)
            {
                var files = new CountedFiles(new LocalDatabaseFiles(path));
                await using var journal = LiteDbJournal.Open(files, new JournalOptions { ReadOnly = true });
                files.Bytes = 0;
                var size = journal.RootAt();
                Assert.Null(journal.InclusionProof(1 + (number * 7919L % batches)).FindFault(size));
                var from = 1 + (number * 104_729L % batches);
                Assert.True(journal.ConsistencyProof(from).Shows(journal.RootAt(from), size));
                read += files.Bytes / Proofs;
            }

            output.WriteLine($"{batches} batches: {read:F0} bytes for a proof of each kind");
            costs.Add(read);
        }

        Assert.InRange(costs[1], 1, 5 * costs[0]);
    }

    private sealed class CountedFiles(IDatabaseFiles files) : IDatabaseFiles
    {
        public long Bytes { get; set; }

        public string Place => files.Place;

        public bool Exists(FileRole role) => files.Exists(role);

        public IDatabaseFile? Open(FileRole role, Opening opening) =>
            files.Open(role, opening) is { } file ? new Counted(this, file) : null;

        public void Promote(bool replace) => files.Promote(replace);

        public void Delete(FileRole role) => files.Delete(role);

        public void FlushDirectory() => files.FlushDirectory();

        private sealed class Counted(CountedFiles owner, IDatabaseFile file) : IDatabaseFile
        {
            public string? Displaced => file.Displaced;

            public long Length => file.Length;

            public int Read(Span<byte> destination, long offset)
            {
                var read = file.Read(destination, offset);
                owner.Bytes += read;
                return read;
            }

            public void Write(ReadOnlySpan<byte> bytes, long offset) => file.Write(bytes, offset);

            public void SetLength(long length) => file.SetLength(length);

            public void Flush() => file.Flush();

            public void Dispose() => file.Dispose();
        }
    }
}
