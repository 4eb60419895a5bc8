// Proofs of which anything was changed hold nowhere, and nothing that they may say is thrown at whoever checks them.
// Run by `dotnet test`.
using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Segments.Tests;

public class TamperedProofTests
{
    private static readonly long[] Absurd = [long.MinValue, int.MinValue, -1, 0, 1, int.MaxValue, 1L << 62, long.MaxValue];

    private static async Task<(ProofOracle Oracle, InMemoryJournal Journal)> FilledAsync(int batches)
    {
        var (oracle, journal) = (new ProofOracle(), new InMemoryJournal());
        for (var number = 0; number < batches; number++)
        {
            var request = new AppendRequest(
                [.. Enumerable.Range(0, 1 + (number % 5)).Select(item => Samples.Entry(item % 4 == 3 ? "b" : "a", $"{number} {item}"))]);
            var next = oracle.Next(request);
            await journal.AppendAsync(request);
            oracle.Add(next);
        }

        return (oracle, journal);
    }

    [Fact]
    public async Task AProofOfAnEntryOfWhichAnythingWasChanged_DoesNotHold()
    {
        var (oracle, journal) = await FilledAsync(23);
        var count = 0;
        await using (journal)
        {
            for (var position = 1L; position <= oracle.Head.Position; position += 3)
            {
                foreach (var size in new[] { oracle.Batches.Count, oracle.Batches.ToList().IndexOf(oracle.BatchAt(position)!) + 1 })
                {
                    var (proof, tree) = (journal.InclusionProof(position, size), oracle.RootAt(size));
                    Assert.Null(proof.FindFault(tree));
                    foreach (var changed in Changed(proof))
                    {
                        Assert.True(changed.FindFault(tree) is not null, $"{position} at {size}: {changed}");
                        // Nothing is thrown at other sizes either; the root alone does not bind its size.
                        foreach (var other in Absurd) _ = changed.FindFault(tree with { Size = other });
                        _ = (changed.Version, changed.TryReadEntry());
                        count++;
                    }
                }
            }
        }

        Assert.InRange(count, 20_000, 1_000_000);
    }

    /// <summary>The bytes of a leaf are hashed one after the other: cut elsewhere, they have the same hash, and a payload that looks like
    /// the beginning of an entry would become one.</summary>
    [Fact]
    public async Task TheBytesOfALeaf_CutElsewhere_ProveNoEntryThatNeverWas()
    {
        await using var journal = new InMemoryJournal();
        byte[] second = new JournalEntry(2, 2, 1, Samples.Entry("a", "two")).ToCanonicalBytes();
        // Begins an entry whose payload goes on to the end of the next entry: that ends with zeros, as an entry without more does.
        byte[] begun = new JournalEntry(1, 1, 1, new EntryData("never", "Forged", new byte[7 + second.Length])).ToCanonicalBytes();
        byte[] header = begun[..^(11 + 7 + second.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(header.Length - 4), second.Length);
        var first = new EntryData("a", "Happened", header);
        await journal.AppendAsync(new AppendRequest([first, Samples.Entry("a", "two")]));
        var proof = journal.InclusionProof(2);
        byte[] all = [.. proof.Canonical[0].ToArray(), .. proof.Canonical[1].ToArray()];
        var cut = proof.Canonical[0].Length - 11 - header.Length;
        var forged = proof with { Canonical = [all[..cut], all[cut..]] };
        Assert.Equal("never", forged.TryReadEntry()?.Stream.Value);
        Assert.NotNull(forged.FindFault(journal.RootAt()));
        for (var place = 0; place <= all.Length; place++)
        {
            if (place == proof.Canonical[0].Length) continue;
            foreach (var of in new[] { 0, 1 })
                Assert.NotNull((proof with { Canonical = [all[..place], all[place..]], Place = of, Position = 1 + of })
                    .FindFault(journal.RootAt()));
        }
    }

    [Fact]
    public async Task AProofOfGrowthOfWhichAnythingWasChanged_ShowsNothing()
    {
        var (oracle, journal) = await FilledAsync(23);
        var via = new InMemoryJournal();
        for (var number = 0; number < 23; number++) await via.TryRestoreAsync(oracle.Batches[number].Entries);
        via.DropTo(oracle.Batches[12].Last, [3, 8, 11]);
        var count = 0;
        await using (journal)
        await using (via)
        {
            for (var from = 0; from <= 23; from++)
            {
                for (var to = from; to <= 23; to++)
                {
                    Check(journal.ConsistencyProof(from, to));
                    if (from is 3 or 8 or 11 && to >= 13) Check(via.ConsistencyProof(from, to));
                }
            }
        }

        Assert.InRange(count, 20_000, 1_000_000);

        void Check(ConsistencyProof proof)
        {
            var (earlier, later) = (oracle.RootAt((int)proof.From), oracle.RootAt((int)proof.To.Size));
            Assert.True(proof.Shows(earlier, later));
            foreach (var changed in Changed(proof))
            {
                Assert.False(changed.Shows(earlier, later), $"{proof.From} to {proof.To.Size}: {changed}");
                // Nothing is thrown at other sizes either.
                foreach (var other in Absurd) _ = changed.Shows(earlier with { Size = other }, later with { Size = ~other });
                count++;
            }
        }
    }

    [Fact]
    public async Task TextThatIsNoProof_IsRefusedAsText_AndAChangedProofDoesNotHold()
    {
        var (oracle, journal) = await FilledAsync(9);
        var (proof, rng) = (journal.InclusionProof(oracle.Head.Position - 1), SeededRng.FromSeed(1));
        await journal.DisposeAsync();
        var (json, tree, parsed) = (proof.ToJson(), oracle.RootAt(9), 0);
        string[] pieces =
        [
            "null", "{", "}", "[", "]", ",", ":", "\"", "\\", "\\ud800", "-1", "1e9", "1.5", "99999999999999999999", "true", "\"AA==\"",
            "\ud800", "\u0000", "\"position\":1,", "\"root\":\"\",", "[[[]]]", new string('[', 100), "\"\\u0000\"", "{}", " ", "=", "/*x*/",
        ];
        foreach (var text in pieces.Concat(["", "[]", "\"\"", json + json, json[..^1]])) Parse(text);
        foreach (var member in new[] { "position", "ordinal", "size", "root", "record", "leaf", "place", "canonical", "proof" })
        {
            foreach (var piece in pieces)
                Parse(Regex.Replace(json, $"(\"{member}\":)([^\\[,}}]+|\\[[^\\]]*\\])", found => found.Groups[1] + piece));
            Parse(json.Replace($"\"{member}\"", "\"\\ud800\"", StringComparison.Ordinal));
        }

        for (var count = 0; count < 20_000; count++)
        {
            var text = new StringBuilder(json);
            for (var edits = rng.Between(1, 3); edits > 0; edits--)
            {
                var place = rng.Between(0, text.Length - 1);
                switch (rng.Between(0, 4))
                {
                    case 0: text[place] = (char)rng.Between(0, 127); break;
                    case 1: text.Remove(place, Math.Min(rng.Between(1, 20), text.Length - place)); break;
                    case 2: text.Insert(place, rng.Pick(pieces)); break;
                    case 3: text[place] = (char)rng.Between(0, 0xFFFF); break;
                    default: text.Insert(place, json.AsSpan(rng.Between(0, json.Length - 30), rng.Between(1, 30))); break;
                }
            }

            Parse(text.ToString());
        }

        Assert.InRange(parsed, 1000, 19_000);

        void Parse(string text)
        {
            InclusionProof found;
            try
            {
                found = InclusionProof.Parse(text);
            }
            catch (FormatException)
            {
                return;
            }

            parsed++;
            Assert.Equal(found.ToJson() == json, found.FindFault(tree) is null);
            _ = (found.Version, found.TryReadEntry());
        }
    }

    private static IEnumerable<InclusionProof> Changed(InclusionProof proof)
    {
        foreach (var position in Absurd.Append(proof.Position + 1).Append(proof.Position - 1).Where(value => value != proof.Position))
            yield return proof with { Position = position };
        foreach (var ordinal in Absurd.Append(proof.Ordinal + 1).Append(proof.Ordinal - 1).Where(value => value != proof.Ordinal))
            yield return proof with { Ordinal = ordinal };
        foreach (var size in Absurd.Append(proof.Tree.Size + 1).Append(proof.Tree.Size - 1).Where(value => value != proof.Tree.Size))
            yield return proof with { Tree = proof.Tree with { Size = size } };
        foreach (var number in Absurd.Where(value => value is >= int.MinValue and <= int.MaxValue).Select(value => (int)value))
        {
            if (number != proof.Leaf) yield return proof with { Leaf = number };
            if (number != proof.Place) yield return proof with { Place = number };
            // Within the leaf that is the proof of a neighbour.
            if (number < 0 || number >= proof.Canonical.Count)
                yield return proof with { Place = number, Position = proof.Position - proof.Place + number };
        }

        foreach (var root in Flipped(proof.Tree.Root.ToArray()))
            yield return proof with { Tree = proof.Tree with { Root = Hash.OfSpan(root) } };
        var record = proof.Record.ToArray();
        foreach (var flipped in Flipped(record)) yield return proof with { Record = flipped };
        for (var length = 0; length < record.Length; length++) yield return proof with { Record = record[..length] };
        yield return proof with { Record = (byte[])[.. record, 0] };
        yield return proof with { Record = (byte[])[.. record, .. new byte[44]] };
        yield return proof with { Record = (byte[])[.. record, .. record[12..]] };
        yield return proof with { Record = (byte[])[.. record.Take(12), .. Enumerable.Repeat((byte)0xFF, record.Length - 12)] };
        yield return proof with { Record = (byte[])[.. record.Take(11), 0x7F, .. record.Skip(12)] };
        foreach (var first in Absurd.Where(first => first != BinaryPrimitives.ReadInt64LittleEndian(record)))
        {
            byte[] made = [.. record];
            BinaryPrimitives.WriteInt64LittleEndian(made, first);
            yield return proof with { Record = made };
            // As a position there is would be counted on from it.
            yield return proof with { Record = made, Position = unchecked(first + proof.Position) };
            BinaryPrimitives.WriteInt64LittleEndian(made.AsSpan(16 + 44 * proof.Leaf), first);
            yield return proof with { Record = made };
        }

        for (var leaf = 0; leaf < (record.Length - 12) / 44; leaf++)
        {
            foreach (var (offset, value) in new[] { (0, int.MaxValue), (0, 0), (0, -1), (4, -1), (8, int.MaxValue), (8, -1) })
            {
                byte[] made = [.. record];
                BinaryPrimitives.WriteInt32LittleEndian(made.AsSpan(12 + 44 * leaf + offset), value);
                yield return proof with { Record = made };
                BinaryPrimitives.WriteInt64LittleEndian(made, long.MaxValue);
                yield return proof with { Record = made };
            }
        }

        foreach (var canonical in ChangedLists(
            proof.Canonical, bytes => Flipped(bytes.ToArray()).Select(flipped => (ReadOnlyMemory<byte>)flipped)
                .Append(default).Append(bytes[1..]).Append((byte[])[.. bytes.ToArray(), 0]),
            ReadOnlyMemory<byte>.Empty))
            yield return proof with { Canonical = canonical };
        foreach (var path in ChangedPaths(proof.Path)) yield return proof with { Path = path };
    }

    private static IEnumerable<ConsistencyProof> Changed(ConsistencyProof proof)
    {
        foreach (var size in Absurd)
        {
            if (size != proof.From) yield return proof with { From = size };
            if (size != proof.To.Size) yield return proof with { To = proof.To with { Size = size } };
            if (proof.Via is { } via && via.Size != size) yield return proof with { Via = via with { Size = size } };
        }

        foreach (var root in Flipped(proof.To.Root.ToArray())) yield return proof with { To = proof.To with { Root = Hash.OfSpan(root) } };
        foreach (var path in ChangedPaths(proof.Path)) yield return proof with { Path = path };
        foreach (var path in ChangedPaths(proof.PathToVia)) yield return proof with { PathToVia = path };
        if (proof.Via is not { } kept) yield break;
        yield return proof with { Via = null };
        yield return proof with { Via = null, PathToVia = [] };
        foreach (var root in Flipped(kept.Root.ToArray())) yield return proof with { Via = kept with { Root = Hash.OfSpan(root) } };
    }

    private static IEnumerable<IReadOnlyList<Hash>> ChangedPaths(IReadOnlyList<Hash> path) => ChangedLists(
        path, hash => Flipped(hash.ToArray()).Select(bytes => Hash.OfSpan(bytes)), Hash.Zero)
        .Append([.. Enumerable.Repeat(Hash.Zero, 1000)])
        .Append([.. path, .. path.DefaultIfEmpty(Hash.Zero)]);

    private static IEnumerable<IReadOnlyList<T>> ChangedLists<T>(IReadOnlyList<T> list, Func<T, IEnumerable<T>> change, T more)
    {
        for (var place = 0; place < list.Count; place++)
        {
            foreach (var other in change(list[place])) yield return [.. list.Take(place), other, .. list.Skip(place + 1)];
            yield return [.. list.Take(place), .. list.Skip(place + 1)];
            if (place > 0) yield return [.. list.Take(place - 1), list[place], list[place - 1], .. list.Skip(place + 1)];
        }

        for (var place = 0; place <= list.Count; place++) yield return [.. list.Take(place), more, .. list.Skip(place)];
        if (list.Count > 0) yield return [];
    }

    private static IEnumerable<byte[]> Flipped(byte[] bytes)
    {
        for (var bit = 0; bit < 8 * bytes.Length; bit++)
        {
            byte[] flipped = [.. bytes];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            yield return flipped;
        }
    }
}
