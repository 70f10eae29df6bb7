<?php

// ... existing code ...

final class ProductFinder
{
    // ... existing code ...

    /**
     * @return Product[]
     */
    public function byTag(string $tag): array
    {
        $key = 'tag.' . strtolower($tag);
        // ... existing code ...

        $found = $this->products->findByTag($tag);
        if ($found === []) {
            $this->logger->notice('no products for tag', ['tag' => $tag]);
        }
        $this->cache->set($key, $found, self::TTL);

        return $found;
    }

    // ... existing code ...
}
