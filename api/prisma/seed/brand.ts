/**
 * The demo brand as data: an invented maker of walnut drinks with its stores, people and products. No person and no company
 * in it exists; licence numbers say that they are samples. Viewers, orders and sales are not seeded (rule Z8).
 */
import type { ProductView, StaffRole } from '@walnut-live/contracts';

export interface DemoUnit {
  path: string;
  kind: 'hq' | 'channel' | 'store';
  name: string;
  legalName?: string;
  licenceNo?: string;
  address?: string;
  servicePhone?: string;
}
export interface DemoAccount {
  username: string;
  name: string;
  role: StaffRole;
  orgPath: string;
}
export interface DemoSku {
  key: string;
  name: string;
  priceFen: number;
  listPriceFen?: number;
  listPriceBasis?: string;
  floorPriceFen: number;
  /** Pieces at HQ, shared by every store without a row of its own. */
  atHq: number;
  /** Pieces each store has of its own; without it the store sells from HQ. */
  perStore?: number;
}
export interface DemoProduct {
  key: string;
  title: string;
  subtitle: string;
  description: string;
  picture: string;
  role: ProductView['role'];
  /** What one chooses by; the name of each SKU is its value. */
  option?: string;
  skus: DemoSku[];
}
export interface DemoRoom {
  key: string;
  title: string;
  cover: string;
  orgPath: string;
  host: string;
  bag: string[];
}

export const HQ = 'hq';
export const units: readonly DemoUnit[] = [
  {
    path: HQ,
    kind: 'hq',
    name: '山核记总部',
    legalName: '山核记食品（示例）有限公司',
    licenceNo: '示例 SC10600000000001',
    address: '浙江省杭州市临安区核桃谷路 1 号',
    servicePhone: '400-000-0001',
  },
  { path: 'hq.east', kind: 'channel', name: '华东渠道' },
  { path: 'hq.north', kind: 'channel', name: '华北渠道' },
  {
    path: 'hq.east.hangzhou',
    kind: 'store',
    name: '杭州湖滨店',
    legalName: '杭州湖滨山核记（示例）商贸有限公司',
    licenceNo: '示例 JY13301020000001',
    address: '浙江省杭州市上城区湖滨路 18 号',
    servicePhone: '400-000-0011',
  },
  {
    path: 'hq.east.shanghai',
    kind: 'store',
    name: '上海静安店',
    legalName: '上海静安山核记（示例）商贸有限公司',
    licenceNo: '示例 JY13101060000002',
    address: '上海市静安区南京西路 900 号',
    servicePhone: '400-000-0012',
  },
  {
    path: 'hq.north.beijing',
    kind: 'store',
    name: '北京朝阳店',
    legalName: '北京朝阳山核记（示例）商贸有限公司',
    licenceNo: '示例 JY11101050000003',
    address: '北京市朝阳区朝阳北路 66 号',
    servicePhone: '400-000-0021',
  },
  {
    path: 'hq.north.tianjin',
    kind: 'store',
    name: '天津和平店',
    legalName: '天津和平山核记（示例）商贸有限公司',
    licenceNo: '示例 JY11201010000004',
    address: '天津市和平区南京路 128 号',
    servicePhone: '400-000-0022',
  },
];

/** Who of the team the launcher names; the others have accounts as well. */
export const accounts: readonly (DemoAccount & { shown?: true })[] = [
  { username: 'hq-admin', name: '周明远', role: 'hq_admin', orgPath: HQ, shown: true },
  { username: 'hq-operations', name: '许佳宁', role: 'hq_operations', orgPath: HQ, shown: true },
  { username: 'hq-analyst', name: '何思远', role: 'hq_analyst', orgPath: HQ, shown: true },
  { username: 'hq-finance', name: '沈静怡', role: 'hq_finance', orgPath: HQ, shown: true },
  { username: 'hq-compliance', name: '秦慎之', role: 'hq_compliance', orgPath: HQ, shown: true },
  { username: 'east-manager', name: '陆建国', role: 'channel_manager', orgPath: 'hq.east', shown: true },
  { username: 'north-manager', name: '郭海峰', role: 'channel_manager', orgPath: 'hq.north' },
  { username: 'hangzhou-manager', name: '方雅琴', role: 'store_manager', orgPath: 'hq.east.hangzhou', shown: true },
  { username: 'hangzhou-guide', name: '林晓禾', role: 'guide', orgPath: 'hq.east.hangzhou', shown: true },
  { username: 'hangzhou-guide-2', name: '徐可欣', role: 'guide', orgPath: 'hq.east.hangzhou' },
  { username: 'hangzhou-assistant', name: '叶子轩', role: 'assistant', orgPath: 'hq.east.hangzhou', shown: true },
  { username: 'shanghai-manager', name: '顾文博', role: 'store_manager', orgPath: 'hq.east.shanghai' },
  { username: 'shanghai-guide', name: '沈若溪', role: 'guide', orgPath: 'hq.east.shanghai', shown: true },
  { username: 'shanghai-guide-2', name: '陶梦琪', role: 'guide', orgPath: 'hq.east.shanghai' },
  { username: 'shanghai-assistant', name: '钱一鸣', role: 'assistant', orgPath: 'hq.east.shanghai' },
  { username: 'beijing-manager', name: '赵立新', role: 'store_manager', orgPath: 'hq.north.beijing' },
  { username: 'beijing-guide', name: '宋佳音', role: 'guide', orgPath: 'hq.north.beijing', shown: true },
  { username: 'beijing-guide-2', name: '韩雪薇', role: 'guide', orgPath: 'hq.north.beijing' },
  { username: 'beijing-assistant', name: '马天宇', role: 'assistant', orgPath: 'hq.north.beijing' },
  { username: 'tianjin-manager', name: '刘玉兰', role: 'store_manager', orgPath: 'hq.north.tianjin' },
  { username: 'tianjin-guide', name: '杨思琪', role: 'guide', orgPath: 'hq.north.tianjin' },
  { username: 'tianjin-guide-2', name: '孟晓彤', role: 'guide', orgPath: 'hq.north.tianjin' },
  { username: 'tianjin-assistant', name: '高子昂', role: 'assistant', orgPath: 'hq.north.tianjin' },
];

const SINGLE_PRICE_TIMES = (count: number) => `单瓶价 × ${count}`;
export const products: readonly DemoProduct[] = [
  {
    key: 'milk',
    title: '核桃乳 240ml',
    subtitle: '当季头道核桃，先尝一瓶',
    description: '临安山核桃与云南薄皮核桃一同研磨，瓶装即饮。净含量 240ml，常温保存，开启后请冷藏并尽快饮用。',
    picture: 'walnut-milk-bottle',
    role: 'traffic',
    skus: [{ key: 'milk-1', name: '原味 1 瓶', priceFen: 590, floorPriceFen: 450, atHq: 5_000, perStore: 300 }],
  },
  {
    key: 'milk-12',
    title: '核桃乳 12 瓶装',
    subtitle: '一周两杯，一箱刚好',
    description: '240ml × 12 瓶，纸箱装。配料：水、核桃仁、白砂糖。过敏提示：本品含坚果。',
    picture: 'walnut-milk-12-pack',
    role: 'main',
    skus: [
      {
        key: 'milk-12-original',
        name: '原味 12 瓶',
        priceFen: 5_990,
        listPriceFen: 7_080,
        listPriceBasis: SINGLE_PRICE_TIMES(12),
        floorPriceFen: 5_290,
        atHq: 2_000,
        perStore: 120,
      },
      {
        key: 'milk-12-oat',
        name: '燕麦味 12 瓶',
        priceFen: 6_290,
        listPriceFen: 7_080,
        listPriceBasis: SINGLE_PRICE_TIMES(12),
        floorPriceFen: 5_590,
        atHq: 1_200,
        perStore: 60,
      },
    ],
  },
  {
    key: 'milk-24',
    title: '核桃乳家庭装 24 瓶',
    subtitle: '全家的早餐，总部仓直发',
    description: '240ml × 24 瓶，两箱装，由总部仓发货。',
    picture: 'walnut-milk-24-pack',
    role: 'family',
    skus: [
      {
        key: 'milk-24-original',
        name: '原味 24 瓶',
        priceFen: 10_900,
        listPriceFen: 14_160,
        listPriceBasis: SINGLE_PRICE_TIMES(24),
        floorPriceFen: 9_900,
        atHq: 1_500,
      },
    ],
  },
  {
    key: 'zero',
    title: '零蔗糖核桃乳 240ml',
    subtitle: '不加蔗糖，只留核桃香',
    description: '配料：水、核桃仁。不添加蔗糖，含核桃自带的糖分。过敏提示：本品含坚果。',
    picture: 'walnut-milk-zero-sugar',
    role: 'main',
    option: '装量',
    skus: [
      { key: 'zero-1', name: '1 瓶', priceFen: 690, floorPriceFen: 550, atHq: 3_000, perStore: 200 },
      {
        key: 'zero-6',
        name: '6 瓶',
        priceFen: 3_890,
        listPriceFen: 4_140,
        listPriceBasis: SINGLE_PRICE_TIMES(6),
        floorPriceFen: 3_490,
        atHq: 1_000,
        perStore: 80,
      },
    ],
  },
  {
    key: 'kernels',
    title: '原味核桃仁',
    subtitle: '手工去壳，二分之一仁',
    description: '低温烘烤，不加盐不加糖。请密封后置于阴凉处。过敏提示：本品为坚果。',
    picture: 'walnut-kernels-pouch',
    role: 'main',
    skus: [
      { key: 'kernels-200', name: '200g 袋装', priceFen: 3_990, floorPriceFen: 3_490, atHq: 900, perStore: 60 },
      {
        key: 'kernels-500',
        name: '500g 袋装',
        priceFen: 8_990,
        listPriceFen: 9_975,
        listPriceBasis: '按 200g 袋装单价折算',
        floorPriceFen: 7_990,
        atHq: 600,
        perStore: 30,
      },
    ],
  },
  {
    key: 'paper-shell',
    title: '薄皮核桃',
    subtitle: '一捏就开，产地总部仓直发',
    description: '云南大理产区薄皮核桃，当季新果，带壳。',
    picture: 'paper-shell-walnuts',
    role: 'main',
    option: '净含量',
    skus: [
      { key: 'paper-shell-1000', name: '1kg', priceFen: 4_590, floorPriceFen: 3_990, atHq: 800 },
      {
        key: 'paper-shell-2500',
        name: '2.5kg',
        priceFen: 10_500,
        listPriceFen: 11_475,
        listPriceBasis: '按 1kg 单价折算',
        floorPriceFen: 9_500,
        atHq: 400,
      },
    ],
  },
  {
    key: 'cake',
    title: '核桃酥点心盒',
    subtitle: '门店当日现烤',
    description: '每盒 8 枚，门店烘焙，保质期 7 天。过敏提示：本品含坚果、麸质和鸡蛋。',
    picture: 'walnut-cake-box',
    role: 'traffic',
    skus: [{ key: 'cake-8', name: '8 枚装', priceFen: 2_990, floorPriceFen: 2_590, atHq: 200, perStore: 40 }],
  },
  {
    key: 'gift',
    title: '山核记臻选礼盒',
    subtitle: '送礼有面儿，礼盒含手提袋',
    description: '核桃乳 12 瓶、原味核桃仁 500g、核桃酥 1 盒。由总部仓发货。',
    picture: 'walnut-gift-box',
    role: 'gift',
    skus: [
      {
        key: 'gift-1',
        name: '标准礼盒',
        priceFen: 16_800,
        listPriceFen: 17_970,
        listPriceBasis: '盒内商品单买合计',
        floorPriceFen: 14_800,
        atHq: 500,
      },
    ],
  },
];

/** Runs from every start of the product; its picture is made by the demo programme. */
export const demoRoom: DemoRoom = {
  key: 'demo',
  title: '核桃工厂溯源直播（演示）',
  cover: 'room-factory',
  orgPath: 'hq.east.hangzhou',
  host: 'hangzhou-guide',
  bag: ['milk-12', 'milk', 'milk-24', 'zero', 'kernels', 'cake', 'paper-shell', 'gift'],
};
export const demoPin = 'milk-12';
export const demoOffer = { sku: 'milk-12-original', priceFen: 5_490, cap: 200, perPersonLimit: 2 } as const;

/** Next time on `weekday` (0 = Sunday; any day without it) at `hour` in Chinese time. */
export const scheduledRooms: readonly (DemoRoom & { hour: number; weekday?: number })[] = [
  {
    key: 'tasting',
    title: '湖滨店晚间试饮会',
    cover: 'room-store-tasting',
    orgPath: 'hq.east.hangzhou',
    host: 'hangzhou-guide',
    bag: ['milk', 'zero', 'cake', 'kernels'],
    hour: 20,
  },
  {
    key: 'factory-friday',
    title: '周五工厂直播：当季头道核桃乳',
    cover: 'room-new-product-evening',
    orgPath: HQ,
    host: 'hq-operations',
    bag: ['milk', 'milk-12', 'milk-24', 'gift'],
    hour: 20,
    weekday: 5,
  },
];
