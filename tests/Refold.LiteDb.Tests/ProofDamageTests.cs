// Documents of the batch tree that say something else, and flipped bits: a proof is right, or found by the oracle, or a JournalException.
// Run by `dotnet test`.
using LiteDB;
using Refold.LiteDb.Storage;
using Refold.Segments;
using Xunit;
using Xunit.Abstractions;
using Search = Refold.LiteDb.Storage.Search;

namespace Refold.LiteDb;

public class ProofDamageTests(ITestOutputHelper output)
{
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(5);

    private static async Task<(ProofOracle Oracle, SimulatedFiles Files)> FilledAsync()
    {
        var (oracle, device, files) = (new ProofOracle(), new MemoryDevice(), new SimulatedFiles());
        await using (var journal = SegmentJournal.Open(device, new JournalOptions { Segments = new() { SegmentBytes = 512 } }))
        {
            for (var number = 0; number < 40; number++) await AppendAsync(journal, number);
            await journal.CompactAsync(new CompactionRequest.RetainFrom(30) { ProvableSizes = [3, 7, 11] });
            oracle.DropTo(journal.Begin.Position, [3, 7, 11]);
        }

        LiteDbFiles.Write(files, SegmentTransfer.Read(device));
        await using (var journal = LiteDbJournal.Open(files, places: new PlaceLimits(Entries: 20, Names: 20, PieceSize: 7)))
        {
            for (var number = 40; number < 90; number++) await AppendAsync(journal, number);
            await journal.DeleteToAsync("s1", 12);
            oracle.DeleteTo("s1", 12);
        }

        return (oracle, files);

        async Task AppendAsync(ILocalJournal journal, int number)
        {
            var request = new AppendRequest(
                [.. Enumerable.Range(0, 1 + (number % 3)).Select(item => Samples.Entry("s" + (number % 4), $"{item}"))]);
            var next = oracle.Next(request);
            await journal.AppendAsync(request);
            oracle.Add(next);
        }
    }

    /// <summary>Sealed anew, so that no checksum finds it: what a proof is made of may say anything.</summary>
    [Fact]
    public async Task ADocumentThatSaysSomethingElse_ProvesNothingThatNeverWas()
    {
        var (oracle, files) = await FilledAsync();
        var (rng, tally) = (SeededRng.FromSeed(3), new Tally());
        await Task.Run(() =>
        {
            for (var change = 0; change < 400; change++)
            {
                var changed = new SimulatedFiles(files.Contents());
                var what = Change(changed, rng);
                Ask(oracle, changed, rng, tally, what);
            }
        }).WaitAsync(LongestRun);
        output.WriteLine(tally.ToString());
        Assert.True(tally["right"] > 0 && tally["refused"] > 0 && tally["found by the oracle"] > 0, tally.ToString());
    }

    /// <summary>What is sealed anew and does not fit its place is damage, whatever is asked of the batch, and no other answer.</summary>
    [Theory]
    [InlineData("n", "the ordinal of its place")]
    [InlineData("f", "as many positions as its leaves have")]
    [InlineData("u", "a latest time from")]
    [InlineData("h", "a head that follows from the one before it")]
    [InlineData("t", "the leaf of its record")]
    public async Task ABatchDocument_ThatDoesNotFitItsPlace_IsNamedAsDamage(string field, string expected)
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files, places: new PlaceLimits(Entries: 20, Names: 20, PieceSize: 7)))
        {
            for (var number = 0; number < 60; number++)
                await journal.Append(Samples.Entry("s") with { Time = DateTimeOffset.UnixEpoch.AddHours(number) }, Samples.Entry("t"));
        }

        var opened = 0;
        // At the beginning, inside and at the end of a block of sixteen, and among the newest.
        foreach (var position in new[] { 2L, 20, 32, 34, 118 })
        {
            // Ordinals of another batch, behind it and before it; times that others have.
            foreach (var by in field is "n" or "u" ? new[] { 1, 7, 16, -1 } : [1])
            {
                var changed = new SimulatedFiles(files.Contents());
                using (var database = Database.Open(changed, readOnly: false))
                {
                    var document = database.Get(Collections.Batches, position)!;
                    document[field] = field switch
                    {
                        "n" => Math.Abs(document["n"].AsInt64 + by),
                        "f" => document["f"].AsInt64 + by,
                        "u" => document["u"].AsInt64 + (2 * by * TimeSpan.TicksPerHour),
                        _ => new byte[32],
                    };
                    database.Write(engine => engine.Upsert(Collections.Batches, [document.Sealed()], BsonAutoId.ObjectId));
                    database.Checkpoint();
                }

                // The first batch has nothing before it that its time could be compared with.
                if (field == "u" && position == 2 && by < 0) continue;
                LiteDbJournal? whole = null;
                try
                {
                    whole = LiteDbJournal.Open(changed, Samples.ReadOnly);
                }
                catch (JournalCorruptedException damage)
                {
                    // Of the batch with which the tree begins that is held in memory, opening finds it.
                    Assert.Contains("batch tree", damage.Message, StringComparison.Ordinal);
                    continue;
                }

                opened++;
                await using var journal = whole;
                foreach (var ask in new Action[]
                {
                    () => journal.BatchAt(position - 1), () => journal.BatchAt(position), () => journal.TreeSize(position),
                    () => journal.InclusionProof(position), () => journal.InclusionProof(position, 60),
                })
                {
                    var damage = Assert.Throws<JournalCorruptedException>(ask);
                    Assert.Contains(expected, damage.Message, StringComparison.Ordinal);
                    Assert.Contains(
                        FormattableString.Invariant($"the batch up to position {position}"), damage.Message, StringComparison.Ordinal);
                }
            }
        }

        Assert.True(opened >= 4);
    }

    [Fact]
    public async Task AFlippedBit_ProvesNothingThatNeverWas()
    {
        var (oracle, files) = await FilledAsync();
        var (rng, tally) = (SeededRng.FromSeed(4), new Tally());
        await Task.Run(() =>
        {
            for (var flip = 0; flip < 300; flip++)
            {
                var contents = files.Contents();
                var role = rng.Pick([.. contents.Keys.Where(found => contents[found].Length > 0)]);
                var place = rng.Between(0, contents[role].Length - 1);
                contents[role][place] ^= (byte)(1 << rng.Between(0, 7));
                Ask(oracle, new SimulatedFiles(contents), rng, tally, $"bit in byte {place} of {role}");
            }
        }).WaitAsync(LongestRun);
        output.WriteLine(tally.ToString());
        Assert.True(tally["right"] > 0 && tally["refused"] > 0, tally.ToString());
        Assert.Equal(0, tally["found by the oracle"]);
    }

    private static string Change(SimulatedFiles files, SeededRng rng)
    {
        using var database = Database.Open(files, readOnly: false);
        var collection = rng.Pick([Collections.Batches, Collections.Nodes, Collections.Nodes, Collections.Meta]);
        var document = collection == Collections.Meta
            ? database.Get(Collections.Meta, Base.Id)!
            : rng.Pick([.. database.Find(Search.ByIds(collection, 0L, long.MaxValue))]);
        var id = document["_id"];
        if (collection != Collections.Meta && rng.Chance(0.1))
        {
            database.Write(engine => engine.Delete(collection, [id]));
            database.Checkpoint();
            return $"no {collection} {id}";
        }

        var field = rng.Pick([.. document.Keys.Where(key => key is not ("_id" or "k" or "g" or "s"))]);
        var before = document[field];
        document[field] = Changed(before, rng);
        var what = $"{collection} {id} {field}: {before} -> {document[field]}";
        database.Write(engine => engine.Upsert(collection, [document.Sealed()], BsonAutoId.ObjectId));
        database.Checkpoint();
        return what;
    }

    private static BsonValue Changed(BsonValue value, SeededRng rng)
    {
        if (value.IsBinary)
        {
            byte[] bytes = [.. value.AsBinary];
            if (bytes.Length == 0 || rng.Chance(0.2)) return (byte[])[.. bytes, .. new byte[rng.Pick([1, 32, 44])]];
            if (rng.Chance(0.3)) return bytes[..rng.Between(0, bytes.Length - 1)];
            if (rng.Chance(0.3)) bytes.AsSpan(rng.Between(0, bytes.Length - 1)).Fill(rng.Pick<byte>([0, 0x7F, 0xFF]));
            else bytes[rng.Between(0, bytes.Length - 1)] ^= (byte)(1 << rng.Between(0, 7));
            return bytes;
        }

        if (rng.Chance(0.1)) return BsonValue.Null;
        if (!value.IsInt64 && !value.IsInt32) return rng.Chance(0.5) ? (BsonValue)7L : new byte[32];
        var number = value.IsInt64 ? value.AsInt64 : value.AsInt32;
        var flipped = number ^ (1L << rng.Between(0, 62));
        var other = rng.Pick([unchecked(number + 1), unchecked(number - 1), 0L, -1L, long.MaxValue, long.MinValue, flipped]);
        return value.IsInt64 || rng.Chance(0.1) ? (BsonValue)other : unchecked((int)other);
    }

    private static void Ask(ProofOracle oracle, SimulatedFiles files, SeededRng rng, Tally tally, string what)
    {
        LiteDbJournal journal;
        try
        {
            journal = LiteDbJournal.Open(files, rng.NextBoolean() ? Samples.ReadOnly : new JournalOptions());
        }
        catch (JournalException)
        {
            tally.Add("not opened");
            return;
        }

        try
        {
            for (var question = 0; question < 12; question++) Ask(oracle, journal, rng, tally, what);
        }
        finally
        {
            try
            {
                journal.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }
            catch (JournalException)
            {
                tally.Add("not closed");
            }
        }
    }

    private static void Ask(ProofOracle oracle, LiteDbJournal journal, SeededRng rng, Tally tally, string what)
    {
        var shown = oracle.Batches.SelectMany(batch => batch.Entries).Where(oracle.Shows).Select(entry => entry.Position).ToList();
        var (position, size) = (rng.Pick(shown), oracle.Batches.Count);
        var at = rng.Between(oracle.Batches.ToList().IndexOf(oracle.BatchAt(position)!) + 1, size);
        var from = rng.Chance(0.3) ? rng.Pick([3, 7, 11]) : rng.Between(oracle.Dropped, size);
        var kind = rng.Between(0, 3);
        try
        {
            var holds = kind switch
            {
                0 => journal.InclusionProof(position, at).FindFault(oracle.RootAt(at)) is null,
                1 => journal.ConsistencyProof(from, rng.NextBoolean() ? null : size).Shows(oracle.RootAt(from), oracle.RootAt(size)),
                2 => journal.RootAt(Math.Max(from, oracle.Dropped)) == oracle.RootAt(Math.Max(from, oracle.Dropped)),
                _ => journal.BatchAt(position) is { } place && place.Head == oracle.BatchAt(position)!.Head
                    && place.Ordinal == oracle.Batches.ToList().IndexOf(oracle.BatchAt(position)!),
            };
            tally.Add(holds ? "right" : "found by the oracle");
        }
        catch (JournalException)
        {
            tally.Add("refused");
        }
        catch (ArgumentOutOfRangeException) when (kind == 0 && what.Contains(" n: ", StringComparison.Ordinal))
        {
            // An ordinal that there is, but another batch's, may lie behind the size.
            tally.Add("outside");
        }
        catch (Exception other)
        {
            throw new InvalidOperationException($"{what}: {kind} of {position} at {at} from {from}", other);
        }
    }
}
