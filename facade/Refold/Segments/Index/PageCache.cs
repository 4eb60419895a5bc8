// Index pages that were read and checked, kept as long as there is room. FORMAT.md, "Pages".
// One belongs to each SegmentIndex; asked by the readers of its footers.
using Microsoft.FSharp.Core;

namespace Refold.Segments;

/// <summary>A bounded number of pages; when it is full, one that was not asked for lately goes (the clock algorithm). A page that is kept
/// is found without a lock: a read of a stream asks for one with each entry. Safe for use by many threads.</summary>
/// <param name="capacity">How many pages are kept at most.</param>
internal sealed class PageCache(int capacity)
{
    private readonly Lock gate = new();
    private readonly List<(Pages Owner, int Number)> slots = [];
    private int hand;

    /// <summary>The cache as one reader of a footer sees it.</summary>
    public Format.IPageCache OfOne() => new Pages(this);

    private void Keep(Pages owner, int number, Format.Page page)
    {
        lock (gate)
        {
            if (owner.Has(number)) return;
            if (slots.Count < capacity)
            {
                slots.Add((owner, number));
            }
            else
            {
                while (slots[hand].Owner.WasUsed(slots[hand].Number)) hand = (hand + 1) % capacity;
                slots[hand].Owner.Drop(slots[hand].Number);
                slots[hand] = (owner, number);
                hand = (hand + 1) % capacity;
            }

            owner.Put(number, page);
        }
    }

    // By number, so that a page costs two loads. Changed under the lock of the cache, read without it.
    private sealed class Pages(PageCache cache) : Format.IPageCache
    {
        private volatile Slot[] all = [];

        public FSharpValueOption<Format.Page> Find(int number)
        {
            var now = all;
            if ((uint)number >= (uint)now.Length || Volatile.Read(ref now[number].Page) is not { } page)
                return FSharpValueOption<Format.Page>.None;
            // Written once a round of the clock: a line that is only read is shared by the cores.
            if (!now[number].IsUsed) now[number].IsUsed = true;
            return FSharpValueOption<Format.Page>.Some(page);
        }

        public void Keep(int number, Format.Page page) => cache.Keep(this, number, page);

        public bool Has(int number) => number < all.Length && all[number].Page is not null;

        /// <summary>Whether a page was asked for since this was asked last.</summary>
        public bool WasUsed(int number)
        {
            var was = all[number].IsUsed;
            all[number].IsUsed = false;
            return was;
        }

        public void Drop(int number) => Volatile.Write(ref all[number].Page, null);

        public void Put(int number, Format.Page page)
        {
            var now = all;
            if (number >= now.Length)
            {
                Array.Resize(ref now, Math.Max(2 * now.Length, number + 1));
                now[number].Page = page;
                // With the page in it: who finds the array finds all that is in it.
                all = now;
                return;
            }

            now[number].IsUsed = false;
            Volatile.Write(ref now[number].Page, page);
        }

        private struct Slot
        {
            public Format.Page? Page;
            public bool IsUsed;
        }
    }
}
