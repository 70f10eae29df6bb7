#import "Basket.h"

@implementation Basket

- (void)empty {
  [self.items removeAllObjects];
  [self notify];
}

- (Receipt *)close {
  Receipt *receipt = [[Receipt alloc] initWithItems:self.items];
  [self.till print:receipt];
  if (self.items.count == 0) {
    [self notify];
  }
  return receipt;
}

@end
