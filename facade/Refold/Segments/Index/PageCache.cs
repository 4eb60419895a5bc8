// Index pages that were read and checked, kept as long as there is room. FORMAT.md, "Pages".
// One belongs to each SegmentIndex; asked by the readers of its footers.
using System.Runtime.InteropServices;
using Microsoft.FSharp.Core;

namespace Refold.Segments;

/// <summary>A bounded number of pages; when it is full, one that was not asked for lately goes (the clock algorithm).
/// Safe for use by many threads.</summary>
/// <param name="capacity">How many pages are kept at most.</param>
internal sealed class PageCache(int capacity)
{
    private readonly Lock gate = new();
    private readonly Dictionary<(object Owner, int Number), int> places = [];
    private readonly List<Slot> slots = [];
    private int hand;

    /// <summary>The cache as the pages of one footer see it.</summary>
    public Format.IPageCache Of(object owner) => new Pages(this, owner);

    private Format.Page? Find((object, int) key)
    {
        lock (gate)
        {
            if (!places.TryGetValue(key, out var place)) return null;
            ref var slot = ref CollectionsMarshal.AsSpan(slots)[place];
            slot.IsUsed = true;
            return slot.Page;
        }
    }

    private void Keep((object, int) key, Format.Page page)
    {
        lock (gate)
        {
            if (places.ContainsKey(key)) return;
            if (slots.Count < capacity)
            {
                places.Add(key, slots.Count);
                slots.Add(new Slot(key, page));
                return;
            }

            var all = CollectionsMarshal.AsSpan(slots);
            for (; all[hand].IsUsed; hand = (hand + 1) % capacity) all[hand].IsUsed = false;
            places.Remove(all[hand].Key);
            all[hand] = new Slot(key, page);
            places.Add(key, hand);
            hand = (hand + 1) % capacity;
        }
    }

    private struct Slot((object, int) key, Format.Page page)
    {
        public (object, int) Key { get; } = key;

        public Format.Page Page { get; } = page;

        public bool IsUsed { get; set; }
    }

    private sealed class Pages(PageCache cache, object owner) : Format.IPageCache
    {
        public FSharpValueOption<Format.Page> Find(int number) =>
            cache.Find((owner, number)) is { } page ? FSharpValueOption<Format.Page>.Some(page) : FSharpValueOption<Format.Page>.None;

        public void Keep(int number, Format.Page page) => cache.Keep((owner, number), page);
    }
}
